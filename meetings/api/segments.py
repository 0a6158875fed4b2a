"""What was said, and its corrections."""

from functools import partial
from typing import Annotated
from uuid import UUID

from ninja import Field, Path, Query, Router

from meetings.api.announcing import tell_room
from meetings.api.auth import ApiRequest, read_meetings, write_segments
from meetings.api.found import readable_meeting, readable_segment
from meetings.api.noting import note_change, note_reading
from meetings.api.pages import BY_REVISION, BY_SEQUENCE, Page, PageQuery, Rows, page_of
from meetings.api.problems import conflict, forbidden
from meetings.api.schemas import Correction, RevisionOut, SegmentOut
from meetings.models import Segment, SegmentRevision
from meetings.services import access, corrections

router = Router(tags=["segments"])
SegmentId = Annotated[int, Path(ge=1, le=2**63 - 1)]


class SegmentQuery(PageQuery):
    participant_id: UUID | None = None
    after_sequence: int = Field(0, ge=0, le=2**31 - 1, description="Only segments with a higher number.")
    words: bool = Field(False, description="With every word's times and confidence.")


@router.get("/meetings/{meeting_id}/segments", auth=read_meetings, response=Page[SegmentOut])
def list_segments(request: ApiRequest, meeting_id: UUID, query: Query[SegmentQuery]) -> Page[SegmentOut]:
    """In the order of storing: ask again with the last number to follow a live meeting. Hidden lines are left out."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    note_reading(request, meeting_id)
    rows = meeting.segments.filter(sequence__gt=query.after_sequence, hidden=False).select_related("participant")
    if query.participant_id:
        rows = rows.filter(participant_id=query.participant_id)
    if not query.words:
        rows = rows.defer("words")
    page = page_of(rows, BY_SEQUENCE, query)
    return Page(items=[SegmentOut.of(row, words=query.words) for row in page.items], next_cursor=page.next_cursor)


@router.get("/segments/{segment_id}", auth=read_meetings, response=SegmentOut)
def get_segment(request: ApiRequest, segment_id: SegmentId) -> SegmentOut:
    segment = readable_segment(request.auth.user, segment_id)
    note_reading(request, segment.meeting_id)
    return SegmentOut.of(segment, words=True)


@router.patch("/segments/{segment_id}", auth=write_segments, response=SegmentOut)
def correct_segment(request: ApiRequest, segment_id: SegmentId, body: Correction) -> SegmentOut:
    """Hosts, administrators and who said it. What was there before stays as a revision."""
    segment = readable_segment(request.auth.user, segment_id)
    if segment.kind == Segment.Kind.GAP:
        raise conflict("gap", "A gap has no text.")
    if not access.may_correct(segment, request.auth.user):
        raise forbidden("Only the host, an administrator or who said it may correct this.")
    author = segment.meeting.participants.filter(user=request.auth.user).first()
    name = author.display_name if author else str(request.auth.user)
    line = corrections.Line(segment.sequence, body.revision)
    try:
        changed = corrections.correct_text(segment.meeting, line, body.text, corrections.Author(name, author))
    except corrections.CorrectionRefused as error:
        code = "outdated" if error.code == "line_changed_meanwhile" else error.code
        raise conflict(code, f"{error.message[0].upper()}{error.message[1:]}.") from error
    tell_room(partial(corrections.announce, [changed]))
    note_change(request, segment.meeting_id)
    return SegmentOut.of(readable_segment(request.auth.user, segment_id), words=True)


@router.get("/segments/{segment_id}/revisions", auth=read_meetings, response=Page[RevisionOut])
def list_revisions(request: ApiRequest, segment_id: SegmentId, query: Query[PageQuery]) -> Rows[SegmentRevision]:
    """Every correction, oldest first."""
    segment = readable_segment(request.auth.user, segment_id)
    note_reading(request, segment.meeting_id)
    return page_of(segment.revisions.all(), BY_REVISION, query)
