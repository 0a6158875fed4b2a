"""What a page learns first: the meeting, and who is in it."""

from collections.abc import Sequence
from uuid import UUID

from meetings.database import in_database
from meetings.models import Meeting
from meetings.protocol.events import IceServer, MeetingView, ParticipantView, Welcome
from meetings.services import presence


async def welcome_message(meeting: Meeting, you: str, ice_servers: Sequence[IceServer] = ()) -> Welcome:
    """`you` is the page's own participant; "" for a page that only watches."""
    return Welcome(
        meeting=MeetingView(
            code=meeting.code,
            title=meeting.title,
            status=meeting.status,
            started_at=meeting.started_at.isoformat() if meeting.started_at else None,
            language=meeting.language,
        ),
        participants=await everybody(meeting.pk),
        you=you,
        sequence=meeting.last_sequence,
        ice_servers=list(ice_servers),
    )


async def everybody(meeting_id: UUID) -> list[ParticipantView]:
    state = await presence.room_state(meeting_id)
    people = await in_database(presence.participants_of, meeting_id)
    return [presence.participant_view(person, state) for person in people]
