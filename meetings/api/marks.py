"""Decisions, action items, notes and chat of a meeting."""

from functools import partial
from uuid import UUID

from ninja import Query, Router, Status

from meetings.api.auth import ApiRequest, read_meetings, write_meetings
from meetings.api.found import readable_meeting
from meetings.api.minutes_schemas import NewMark
from meetings.api.pages import BY_TIME, Page, PageQuery, Rows, page_of
from meetings.api.problems import conflict, forbidden, invalid
from meetings.api.schemas import MarkOut
from meetings.models import Mark
from meetings.protocol.requests import AddMark
from meetings.redis import with_redis
from meetings.services import access, marks

router = Router(tags=["meetings"])
WRONG_INPUT = {"mark_empty": "text", "mark_unprintable": "text", "caption_unknown": "sequence"}


@router.get("/{meeting_id}/marks", auth=read_meetings, response=Page[MarkOut])
def list_marks(request: ApiRequest, meeting_id: UUID, query: Query[PageQuery]) -> Rows[Mark]:
    """Decisions, action items, notes and chat, in the order of the meeting, without what was taken back."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    rows = meeting.marks.filter(withdrawn_at=None).select_related("author")
    return page_of(rows, BY_TIME, query)


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
