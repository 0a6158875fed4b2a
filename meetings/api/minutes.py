"""The minutes that a host writes."""

from uuid import UUID

from ninja import Router

from meetings.api.auth import ApiRequest, read_meetings, write_meetings
from meetings.api.found import readable_meeting
from meetings.api.minutes_schemas import MinutesChange, MinutesOut
from meetings.api.noting import note_change, note_reading
from meetings.api.problems import conflict, forbidden
from meetings.models import Meeting, Minutes
from meetings.services import access, minutes

router = Router(tags=["minutes"])


@router.get("/{meeting_id}/minutes", auth=read_meetings, response=MinutesOut)
def get_minutes(request: ApiRequest, meeting_id: UUID) -> Minutes:
    """As somebody wrote them, or as they begin: with the marks of the meeting."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    note_reading(request, meeting_id)
    return minutes.minutes_of(meeting)


@router.patch("/{meeting_id}/minutes", auth=write_meetings, response=MinutesOut)
def write_minutes(request: ApiRequest, meeting_id: UUID, body: MinutesChange) -> Minutes:
    """Hosts and administrators, once the meeting is over; a list that is given replaces the one before."""
    meeting = _writable(request, meeting_id)
    given = {name: value for name, value in body.dict().items() if value is not None}
    for action in given.get("actions", []):
        action["due"] = action["due"].isoformat() if action["due"] else ""
    try:
        written = minutes.save(meeting, given.pop("revision"), given)
    except minutes.MinutesRefused as refusal:
        raise _refused(meeting, refusal) from refusal
    note_change(request, meeting_id)
    return written


@router.post("/{meeting_id}/minutes/approve", auth=write_meetings, response=MinutesOut)
def approve_minutes(request: ApiRequest, meeting_id: UUID) -> Minutes:
    """Nothing changes any more then; a second approval changes nothing."""
    meeting = _writable(request, meeting_id)
    if minutes.minutes_of(meeting).approved_at is None:
        minutes.approve(meeting, str(request.auth.user))
        note_change(request, meeting_id)
    return minutes.minutes_of(meeting)


@router.post("/{meeting_id}/minutes/reopen", auth=write_meetings, response=MinutesOut)
def reopen_minutes(request: ApiRequest, meeting_id: UUID) -> Minutes:
    meeting = _writable(request, meeting_id)
    if minutes.minutes_of(meeting).approved_at is not None:
        minutes.reopen(meeting)
        note_change(request, meeting_id)
    return minutes.minutes_of(meeting)


def _writable(request: ApiRequest, meeting_id: UUID) -> Meeting:
    meeting = readable_meeting(request.auth.user, meeting_id)
    if not access.may_write_minutes(meeting, request.auth.user, {}):
        raise forbidden("Only the host and administrators write the minutes.")
    if meeting.takes_audio:
        raise conflict("meeting_runs", "Minutes are written when the meeting is over.")
    return meeting


def _refused(meeting: Meeting, refusal: minutes.MinutesRefused) -> Exception:
    approved = minutes.minutes_of(meeting).approved_at is not None
    return conflict("approved" if approved else "outdated", refusal.message)
