"""Decisions, action items, notes and chat of a meeting."""

from functools import partial
from uuid import UUID

from ninja import Query, Router, Status

from meetings.api.announcing import tell_room
from meetings.api.auth import ApiRequest, read_meetings, write_meetings
from meetings.api.found import readable_meeting
from meetings.api.minutes_schemas import MarkChange, NewMark
from meetings.api.noting import note_change, note_reading
from meetings.api.pages import BY_TIME, Page, PageQuery, Rows, page_of
from meetings.api.problems import Problem, conflict, forbidden, invalid, not_found
from meetings.api.schemas import MarkKind, MarkOut
from meetings.models import Mark
from meetings.protocol.requests import AddMark, EditMark
from meetings.services import access, marks

router = Router(tags=["meetings"])
WRONG_INPUT = {"mark_empty": "text", "mark_unprintable": "text", "caption_unknown": "sequence"}


class MarkQuery(PageQuery):
    kind: MarkKind | None = None


@router.get("/{meeting_id}/marks", auth=read_meetings, response=Page[MarkOut])
def list_marks(request: ApiRequest, meeting_id: UUID, query: Query[MarkQuery]) -> Rows[Mark]:
    """Decisions, action items, notes and chat, in the order of the meeting, without what was taken back."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    note_reading(request, meeting_id)
    rows = meeting.marks.filter(withdrawn_at=None).select_related("author")
    if query.kind:
        rows = rows.filter(kind=query.kind)
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
        raise _refused(refusal) from refusal
    tell_room(partial(marks.announce, meeting.pk, added))
    note_change(request, meeting_id)
    return Status(201, Mark.objects.select_related("author").get(pk=body.id))


@router.patch("/{meeting_id}/marks/{mark_id}", auth=write_meetings, response=MarkOut)
def change_mark(request: ApiRequest, meeting_id: UUID, mark_id: UUID, body: MarkChange) -> Mark:
    """While the meeting runs, by its author or a host; everybody in the room sees it at once."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    editor = access.participant_of(meeting, request.auth.user, {})
    mark = meeting.marks.filter(pk=mark_id).first()
    if mark is None:
        raise not_found("mark")
    if editor is None:
        raise forbidden("Only who is in the meeting changes a mark there.")
    as_it_is = {"kind": mark.kind, "text": mark.text, "owner": mark.owner, "due": mark.due}
    given = body.dict(exclude_unset=True)
    wanted = {name: value for name, value in given.items() if value is not None or name == "due"}
    edit = EditMark(**{"id": mark_id, "withdrawn": mark.withdrawn_at is not None, **as_it_is, **wanted})
    try:
        changed = marks.edit_mark(editor.pk, edit)
    except marks.MarkRefused as refusal:
        raise _refused(refusal) from refusal
    tell_room(partial(marks.announce, meeting.pk, changed))
    note_change(request, meeting_id)
    return Mark.objects.select_related("author").get(pk=mark_id)


def _refused(refusal: marks.MarkRefused) -> Problem:
    message = f"{refusal.message[0].upper()}{refusal.message[1:]}."
    if refusal.code == "not_yours":
        return forbidden(message)
    if field := WRONG_INPUT.get(refusal.code):
        return invalid(f"body.{field}", message)
    return conflict(refusal.code, message)
