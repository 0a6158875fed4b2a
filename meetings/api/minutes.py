"""The minutes that a host writes, and marks made by programs."""

from functools import partial
from uuid import UUID

from ninja import Router, Status

from meetings.api.auth import ApiRequest, read_meetings, write_meetings
from meetings.api.found import readable_meeting
from meetings.api.minutes_schemas import MinutesChange, MinutesOut, NewMark
from meetings.api.problems import conflict, forbidden, invalid
from meetings.api.schemas import MarkOut
from meetings.models import Mark, Meeting, Minutes
from meetings.protocol.requests import AddMark
from meetings.redis import with_redis
from meetings.services import access, marks, minutes

router = Router(tags=["minutes"])
WRONG_INPUT = {"mark_empty": "text", "mark_unprintable": "text", "caption_unknown": "sequence"}


@router.get("/{meeting_id}/minutes", auth=read_meetings, response=MinutesOut)
def get_minutes(request: ApiRequest, meeting_id: UUID) -> Minutes:
    """As somebody wrote them, or as they begin: with the marks of the meeting."""
    return minutes.minutes_of(readable_meeting(request.auth.user, meeting_id))


@router.patch("/{meeting_id}/minutes", auth=write_meetings, response=MinutesOut)
def write_minutes(request: ApiRequest, meeting_id: UUID, body: MinutesChange) -> Minutes:
    """Hosts and administrators, once the meeting is over; a list that is given replaces the one before."""
    meeting = _writable(request, meeting_id)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    for action in given.get("actions", []):
        action["due"] = action["due"].isoformat() if action["due"] else ""
    try:
        return minutes.save(meeting, given.pop("revision"), given)
    except minutes.MinutesRefused as refusal:
        raise _refused(meeting, refusal) from refusal


@router.post("/{meeting_id}/minutes/approve", auth=write_meetings, response=MinutesOut)
def approve_minutes(request: ApiRequest, meeting_id: UUID) -> Minutes:
    """Nothing changes any more then; a second approval changes nothing."""
    meeting = _writable(request, meeting_id)
    if minutes.minutes_of(meeting).approved_at is None:
        minutes.approve(meeting, str(request.auth.user))
    return minutes.minutes_of(meeting)


@router.post("/{meeting_id}/minutes/reopen", auth=write_meetings, response=MinutesOut)
def reopen_minutes(request: ApiRequest, meeting_id: UUID) -> Minutes:
    meeting = _writable(request, meeting_id)
    if minutes.minutes_of(meeting).approved_at is not None:
        minutes.reopen(meeting)
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


@router.post("/{meeting_id}/marks", auth=write_meetings, response={201: MarkOut})
def add_mark(request: ApiRequest, meeting_id: UUID, body: NewMark) -> Status[Mark]:
    """While the meeting runs, by somebody who is in it; everybody in the room sees it at once."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    author = access.participant_of(meeting, request.auth.user, {})
    if author is None:
        raise forbidden("Only who is in the meeting marks something there.")
    try:
        added = marks.add_mark(author.pk, AddMark(**body.dict()))
    except marks.MarkRefused as refusal:
        if field := WRONG_INPUT.get(refusal.code):
            raise invalid(f"body.{field}", f"{refusal.message[0].upper()}{refusal.message[1:]}.") from refusal
        raise conflict(refusal.code, f"{refusal.message[0].upper()}{refusal.message[1:]}.") from refusal
    with_redis(partial(marks.announce, meeting.pk, added))
    return Status(201, Mark.objects.select_related("author").get(pk=body.id))
