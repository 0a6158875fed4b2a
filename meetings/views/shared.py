"""What a link lets anybody read: transcript, minutes and downloads of one meeting, and no way into its room."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meetings.exports import FORMATS, LABEL_LANGUAGES
from meetings.models import FOR_SOFTWARE, Document, Minutes, ShareLink
from meetings.services import audit_log, sharing
from meetings.services.minutes import minutes_of
from meetings.views import exports


def _by_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the link of a token while it works; search engines stay away."""

    @never_cache
    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, token: str, **more: Any) -> HttpResponse:
        link = sharing.open_link(token)
        if link is None:
            raise Http404
        response = view(request, link, token, **more)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return opened


@_by_link
def page(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    meeting = link.meeting
    audit_log.record(audit_log.Action.READ, meeting.pk, request.user, by="link")
    minutes = minutes_of(meeting)
    context = {
        "meeting": meeting,
        "link": link,
        "token": token,
        "minutes": minutes if minutes.template != Minutes.Template.TRANSCRIPT else None,
        "participants": meeting.participants.exclude(joined_at=None),
        "segments": meeting.segments.filter(hidden=False)
        .defer(*FOR_SOFTWARE)
        .prefetch_related("participant")
        .order_by("start_ms", "sequence"),
        "duration_ms": meeting.offset_ms(meeting.ended_at or timezone.now()),
        "formats": FORMATS,
        "label_languages": LABEL_LANGUAGES,
    }
    with timezone.override(ZoneInfo(meeting.time_zone)):
        return render(request, "meetings/shared.html", context)


@_by_link
def minutes(request: HttpRequest, link: ShareLink, token: str, extension: str) -> HttpResponse:
    """As the page shows it: what was corrected stays corrected."""
    audit_log.record(audit_log.Action.EXPORTED, link.meeting_id, request.user, by="link")
    asked = request.GET.dict()
    asked.pop("text", None)
    return exports.answer(link.meeting, extension, asked, ("shared-document", token))


@_by_link
def document_page(request: HttpRequest, link: ShareLink, token: str, document_id: UUID) -> HttpResponse:
    return exports.document_shown(request, _document(link, document_id), ("shared-", token), "shared-meeting")


@_by_link
def document_state(request: HttpRequest, link: ShareLink, token: str, document_id: UUID) -> JsonResponse:
    return exports.state_of(_document(link, document_id))


@_by_link
def document_file(request: HttpRequest, link: ShareLink, token: str, document_id: UUID) -> HttpResponse:
    audit_log.record(audit_log.Action.EXPORTED, link.meeting_id, request.user, by="link")
    return exports.file_of(_document(link, document_id))


def _document(link: ShareLink, document_id: UUID) -> Document:
    return get_object_or_404(Document.objects.select_related("meeting"), pk=document_id, meeting=link.meeting_id)
