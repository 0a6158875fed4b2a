"""What a page learns first: the meeting, who is in it, and what it has missed. One visit to the store for all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from meetings.models import Meeting, Participant
from meetings.protocol.events import (
    CaptionFinal,
    IceServer,
    MarkChanged,
    MeetingView,
    OffRecordChanged,
    ParticipantView,
    SegmentUpdated,
    WaitingChanged,
    Welcome,
)
from meetings.protocol.refusals import ProtocolError
from meetings.protocol.requests import Hello
from meetings.services import captions, hosting, marks, presence


@dataclass(frozen=True, slots=True)
class Room:
    """How a meeting stands in the store."""

    meeting: Meeting
    people: list[Participant]
    off_record: list[OffRecordChanged]
    waiting: WaitingChanged | None  # for hosts


@dataclass(frozen=True, slots=True)
class Missed:
    """The first page of each log after what a page has."""

    captions: list[CaptionFinal]
    edits: list[SegmentUpdated]
    marks: list[MarkChanged]


def room_of(participant: Participant) -> Room:
    """As this participant may see it. Runs in a database thread."""
    meeting_id = participant.meeting_id
    return Room(
        meeting=Meeting.objects.get(pk=meeting_id),
        people=presence.participants_of(meeting_id),
        off_record=hosting.off_record_of(meeting_id),
        waiting=hosting.waiting(meeting_id) if participant.is_host else None,
    )


def enter_room(participant: Participant, hello: Hello) -> tuple[Room, Missed]:
    """Runs in a database thread; raises ProtocolError. Reads no log that has nothing new for the page."""
    room = room_of(participant)
    meeting = room.meeting
    check_sequence(hello, meeting)
    return room, Missed(
        captions=captions.captions_after(meeting.pk, hello.last_sequence)
        if hello.last_sequence < meeting.last_sequence
        else [],
        edits=captions.edits_after(meeting.pk, hello.last_edit) if hello.last_edit < meeting.last_edit else [],
        marks=marks.marks_after(meeting.pk, hello.last_change) if hello.last_change < meeting.last_change else [],
    )


def check_sequence(hello: Hello, meeting: Meeting) -> None:
    """Raises ProtocolError."""
    if hello.last_sequence > meeting.last_sequence:
        raise ProtocolError("sequence_unknown", f"the newest caption is {meeting.last_sequence}")


async def welcome_message(
    meeting: Meeting, people: Sequence[Participant], you: str, ice_servers: Sequence[IceServer] = ()
) -> Welcome:
    """`you` is the page's own participant; "" for a page that only watches."""
    return Welcome(
        meeting=MeetingView(
            code=meeting.code,
            title=meeting.title,
            status=meeting.status,
            started_at=meeting.started_at.isoformat() if meeting.started_at else None,
            language=meeting.language,
        ),
        participants=await views(meeting.pk, people),
        you=you,
        sequence=meeting.last_sequence,
        ice_servers=list(ice_servers),
    )


async def views(meeting_id: UUID, people: Sequence[Participant]) -> list[ParticipantView]:
    """Each with how they are now."""
    state = await presence.room_state(meeting_id)
    return [presence.participant_view(person, state) for person in people]
