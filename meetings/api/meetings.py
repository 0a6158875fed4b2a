"""Meetings, who was in them, and the documents made of them."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Status

from meetings.api.auth import ApiRequest, read_meetings, write_meetings
from meetings.api.found import readable_meeting
from meetings.api.noting import note_change
from meetings.api.pages import BY_JOINING, BY_NEWEST, Page, PageQuery, Rows, page_of
from meetings.api.problems import forbidden
from meetings.api.schemas import IdempotencyKey, MeetingChange, MeetingOut, Moment, NewMeeting, ParticipantOut
from meetings.api.schemas import Status as MeetingStatus
from meetings.models import Meeting, Participant
from meetings.services import access, rooms

router = Router(tags=["meetings"])


class MeetingQuery(PageQuery):
    status: MeetingStatus | None = None
    created_from: Moment | None = Field(None, description="Meetings made at this moment or later.")
    created_before: Moment | None = Field(None, description="Meetings made before this moment.")


@router.get("", auth=read_meetings, response=Page[MeetingOut])
def list_meetings(request: ApiRequest, query: Query[MeetingQuery]) -> Rows[Meeting]:
    """The meetings you host or took part in, newest first."""
    rows = rooms.meetings_with(request.auth.user).select_related("host")
    if query.status:
        rows = rows.filter(status=query.status)
    if query.created_from:
        rows = rows.filter(created_at__gte=query.created_from)
    if query.created_before:
        rows = rows.filter(created_at__lt=query.created_before)
    return page_of(rows, BY_NEWEST, query)


@router.post("", auth=write_meetings, response={201: MeetingOut})
def create_meeting(
    request: ApiRequest,
    response: HttpResponse,
    body: NewMeeting,
    idempotency_key: IdempotencyKey,
) -> Status[Meeting]:
    """Make a meeting that you host."""
    meeting = rooms.create_meeting_once(request.auth.user, idempotency_key, **body.dict())
    response["Location"] = reverse("api:get_meeting", args=[meeting.pk])
    return Status(201, meeting)


@router.get("/{meeting_id}", auth=read_meetings, response=MeetingOut)
def get_meeting(request: ApiRequest, meeting_id: UUID) -> Meeting:
    return readable_meeting(request.auth.user, meeting_id)


@router.patch("/{meeting_id}", auth=write_meetings, response=MeetingOut)
def change_meeting(request: ApiRequest, meeting_id: UUID, body: MeetingChange) -> Meeting:
    """Hosts only. What changes counts from the next words on."""
    meeting = _hosted(request, meeting_id)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    changed = rooms.change_meeting(meeting, **given)
    note_change(request, meeting_id)
    return changed


@router.post("/{meeting_id}/end", auth=write_meetings, response=MeetingOut)
def end_meeting(request: ApiRequest, meeting_id: UUID) -> Meeting:
    """Hosts only. The last words are still written down; ending twice changes nothing."""
    meeting = _hosted(request, meeting_id)
    rooms.end_meeting(meeting)
    note_change(request, meeting_id)
    meeting.refresh_from_db()
    return meeting


def _hosted(request: ApiRequest, meeting_id: UUID) -> Meeting:
    meeting = readable_meeting(request.auth.user, meeting_id)
    if not access.may_end(meeting, request.auth.user, {}):
        raise forbidden("Only the host may do this.")
    return meeting


@router.get("/{meeting_id}/participants", auth=read_meetings, response=Page[ParticipantOut])
def list_participants(request: ApiRequest, meeting_id: UUID, query: Query[PageQuery]) -> Rows[Participant]:
    """In the order in which they came."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    return page_of(meeting.participants.exclude(admission=Participant.Admission.WAITING), BY_JOINING, query)
