"""What hosts do in the room: rename, admit and remove people, lock, keep newcomers waiting, go off the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from meetings.models import Meeting, OffRecord, Participant
from meetings.names import validate_visible
from meetings.protocol.events import MeetingChanged, OffRecordChanged, WaitingChanged, WaitingView


class HostingRefused(Exception):
    """`code` is stable and for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


# ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def rename(meeting_id: UUID, participant_id: UUID, name: str) -> Participant:
    """Show another name beside what the person says, said before or after; raises HostingRefused."""
    name = name.strip()
    try:
        validate_visible(name)
    except ValidationError as error:
        raise HostingRefused("name_refused", " ".join(error.messages)) from error
    person = _person(meeting_id, participant_id)
    person.display_name = name
    person.save(update_fields=["display_name"])
    return person


def remove(meeting_id: UUID, participant_id: UUID) -> Participant:
    """Send a participant out for good, or a waiting one away; raises HostingRefused."""
    person = _person(meeting_id, participant_id)
    if person.is_host:
        raise HostingRefused("is_host", "a host cannot be removed")
    person.admission = Participant.Admission.REMOVED
    person.left_at = person.left_at or (timezone.now() if person.joined_at else None)
    person.save(update_fields=["admission", "left_at"])
    return person


def admit(meeting_id: UUID, participant_id: UUID) -> None:
    """Let a waiting person in, or one back who was removed; raises HostingRefused."""
    person = _person(meeting_id, participant_id)
    person.admission = Participant.Admission.ADMITTED
    person.save(update_fields=["admission"])


def _person(meeting_id: UUID, participant_id: UUID) -> Participant:
    person = Participant.objects.filter(meeting_id=meeting_id, pk=participant_id).first()
    if person is None:
        raise HostingRefused("participant_unknown", "there is no such participant in this meeting")
    return person


def waiting(meeting_id: UUID) -> WaitingChanged:
    people = Participant.objects.filter(meeting_id=meeting_id, admission=Participant.Admission.WAITING)
    return WaitingChanged([WaitingView(str(pk), name) for pk, name in people.values_list("pk", "display_name")])


# ── The meeting ─────────────────────────────────────────────────────────────────────────────────────────────────────


def set_doors(meeting_id: UUID, locked: bool | None, waiting_room: bool | None) -> MeetingChanged:
    """Lock or unlock the meeting, turn its waiting room on or off; None leaves it as it is."""
    changes = {"locked": locked, "waiting_room": waiting_room}
    Meeting.objects.filter(pk=meeting_id).update(**{name: on for name, on in changes.items() if on is not None})
    return doors(Meeting.objects.get(pk=meeting_id))


def doors(meeting: Meeting) -> MeetingChanged:
    return MeetingChanged(locked=meeting.locked, waiting_room=meeting.waiting_room, keep_audio=meeting.keep_audio)


# ── Off the record ──────────────────────────────────────────────────────────────────────────────────────────────────


def go_off_record(meeting_id: UUID, host_id: UUID) -> OffRecordChanged:
    """From now on nothing is transcribed; a second call changes nothing. Raises HostingRefused."""
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=meeting_id)
        if not meeting.takes_audio:
            raise HostingRefused("meeting_ended", "this meeting is over")
        span = meeting.off_record.filter(ended_at=None).first()
        if span is None:
            span = OffRecord.objects.create(meeting=meeting, started_by_id=host_id)
    return off_record_view(span)


def go_on_record(meeting_id: UUID) -> OffRecordChanged | None:
    """Transcribe again; None when it is not off the record."""
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=meeting_id)
        span = meeting.off_record.filter(ended_at=None).select_related("started_by").first()
        if span is None:
            return None
        span.ended_at = timezone.now()
        span.save(update_fields=["ended_at"])
    span.meeting = meeting
    return off_record_view(span)


def off_record_view(span: OffRecord) -> OffRecordChanged:
    name = span.started_by.display_name if span.started_by else ""
    return OffRecordChanged(id=span.pk, start_ms=span.start_ms, end_ms=span.end_ms, name=name)


def off_record_of(meeting_id: UUID) -> list[OffRecordChanged]:
    spans = OffRecord.objects.filter(meeting_id=meeting_id).select_related("meeting", "started_by")
    return [off_record_view(span) for span in spans]


@dataclass(frozen=True, slots=True)
class Silence:
    """When the meeting was off the record: what was said then is not taken, however late it comes."""

    spans: Sequence[tuple[datetime, datetime | None]] = ()

    def covers(self, moment: datetime) -> bool:
        return any(start <= moment and (end is None or moment < end) for start, end in self.spans)


def silence_of(meeting_id: UUID) -> Silence:
    return Silence(list(OffRecord.objects.filter(meeting_id=meeting_id).values_list("started_at", "ended_at")))
