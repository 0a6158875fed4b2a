"""People come and go: what is stored, and what the room is told."""

from uuid import UUID

from meetings import fanout
from meetings.database import in_database
from meetings.models import Participant
from meetings.protocol.events import ParticipantJoined, ParticipantLeft
from meetings.services import presence


async def come(person: Participant) -> None:
    """They have a living connection that the room does not know. Who only comes to see what is over is not in it."""
    if person.meeting.takes_audio:
        await in_database(presence.record_joined, person.pk)
    elif person.joined_at is None:
        return
    await announce_person(person.meeting_id, person.pk)


async def announce_person(meeting_id: UUID, participant_id: UUID) -> None:
    """Tell the room how somebody is now."""
    number = await fanout.presence_number(meeting_id)
    state = await presence.room_state(meeting_id)
    person = await in_database(Participant.objects.get, pk=participant_id)
    await fanout.publish(meeting_id, ParticipantJoined(presence.participant_view(person, state)), presence=number)


async def go(meeting_id: UUID | str, participant_id: UUID | str, change: int) -> None:
    """Their last connection is gone, which is change `change` of the room."""
    await fanout.publish(meeting_id, ParticipantLeft(str(participant_id)), presence=change)
    await in_database(presence.record_left, participant_id)
    if await presence.is_present(meeting_id, participant_id):  # and came back meanwhile, on another server
        await in_database(presence.record_joined, participant_id)


async def expire() -> int:
    """Everybody whose connection died without a word is gone; returns how many."""
    count = 0
    async for departure in presence.expire():
        await go(*departure)
        count += 1
    return count
