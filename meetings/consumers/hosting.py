"""What a host does over the room socket. Every request is refused to those who are none."""

from uuid import UUID

from meetings import fanout
from meetings.database import in_database
from meetings.models import Participant
from meetings.protocol.events import MuteAsked, ParticipantHand, ParticipantLeft
from meetings.protocol.refusals import ProtocolError
from meetings.protocol.requests import Admit, AskMute, HostRequest, LowerHand, Remove, Rename, SetMeeting
from meetings.services import attendance, hosting, keeping, presence


async def host_meeting(by: Participant, request: HostRequest) -> None:
    """Do what a host asks for and tell the room; raises ProtocolError."""
    renames_self = isinstance(request, Rename) and request.participant_id == by.pk
    if not by.is_host and not renames_self:
        raise ProtocolError("hosts_only", "only a host does this")
    try:
        await _do(by, request)
    except hosting.HostingRefused as error:
        raise ProtocolError(error.code, error.message) from error


async def _do(by: Participant, request: HostRequest) -> None:
    match request:
        case Rename():
            await _rename(by.meeting_id, request)
        case AskMute():
            await fanout.tell(request.participant_id, MuteAsked(by.display_name), of_meeting=by.meeting_id)
        case LowerHand():
            change = await presence.lower_hand(by.meeting_id, request.participant_id)
            await fanout.publish(by.meeting_id, ParticipantHand(str(request.participant_id), None), presence=change)
        case Remove():
            await _remove(by.meeting_id, request.participant_id)
        case Admit():
            await in_database(hosting.admit, by.meeting_id, request.participant_id)
            await fanout.waiting_changed(by.meeting_id)
        case SetMeeting():
            await _set(by, request)


async def _rename(meeting_id: UUID, request: Rename) -> None:
    await in_database(hosting.rename, meeting_id, request.participant_id, request.name)
    await attendance.announce_person(meeting_id, request.participant_id)


async def _remove(meeting_id: UUID, participant_id: UUID) -> None:
    await in_database(hosting.remove, meeting_id, participant_id)
    await fanout.send_out(participant_id)
    change = await fanout.presence_number(meeting_id)
    await fanout.publish(meeting_id, ParticipantLeft(str(participant_id)), presence=change)
    await fanout.waiting_changed(meeting_id)


async def _set(by: Participant, request: SetMeeting) -> None:
    if request.locked is not None or request.waiting_room is not None:
        doors = await in_database(hosting.set_doors, by.meeting_id, request.locked, request.waiting_room)
        await fanout.publish(by.meeting_id, doors)
    if request.keep_audio is not None:
        meeting, host = await in_database(keeping.keep_audio, by.pk, request.keep_audio)
        await attendance.announce_person(meeting.pk, host.pk)
        await fanout.publish(meeting.pk, hosting.doors(meeting))
    if request.off_record is True:
        await fanout.publish(by.meeting_id, await in_database(hosting.go_off_record, by.meeting_id, by.pk))
    elif request.off_record is False and (span := await in_database(hosting.go_on_record, by.meeting_id)):
        await fanout.publish(by.meeting_id, span)
