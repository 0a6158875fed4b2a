"""The minutes to download, in every format there is."""

from collections.abc import Mapping
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from meetings import exports
from meetings.forms import DownloadForm
from meetings.models import Document, Meeting
from meetings.services import documents
from meetings.views.meetings import readable

_OPTIONS = "names, times, transcript and insight are 0 or 1, text is edited or original, language is de, en, es or fr\n"


@never_cache
@require_safe
def minutes(request: HttpRequest, code: str, extension: str) -> HttpResponse:
    return answer(readable(request, code), extension, request.GET.dict(), ("document", code))


def answer(meeting: Meeting, extension: str, asked: Mapping[str, str], page: tuple[str, str]) -> HttpResponse:
    """The document; one that takes long is made by a worker, and the answer leads to the page that shows how far it is.

    `page` is the route of that page, and the code or token that stands in its address.
    """
    export = exports.FORMATS.get(extension)
    if export is None:
        raise Http404
    form = DownloadForm(asked)
    if not form.is_valid():
        return HttpResponseBadRequest(_OPTIONS, "text/plain")
    if documents.takes_long(meeting, export, form.options()):
        return _ordered(meeting, extension, form.options(), page)
    document = exports.build_minutes(meeting, form.options())
    try:
        made = export.render(document)
    except exports.ExportUnavailable as missing:
        return HttpResponse(f"{missing}\n", "text/plain", status=503)
    return _download(made, export.content_type, document.file_name(extension))


def _ordered(meeting: Meeting, extension: str, options: exports.Options, page: tuple[str, str]) -> HttpResponse:
    try:
        document = documents.order(meeting, extension, options)
    except documents.TooMany as refusal:
        return HttpResponse(f"{refusal}\n", "text/plain", status=429)
    return redirect(*page, document.pk)


def _download(content: str | bytes, content_type: str, file_name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


@never_cache
@require_safe
def document_page(request: HttpRequest, code: str, document_id: UUID) -> HttpResponse:
    document = _document(request, code, document_id)
    cancel_url = reverse("document-cancel", args=[code, document_id])
    return document_shown(request, document, ("", code), "meeting-transcript", cancel_url=cancel_url)


def document_shown(
    request: HttpRequest, document: Document, place: tuple[str, str], back: str, **more: str
) -> HttpResponse:
    """How far a document is; `place` is what its routes begin with, and the code or token in their addresses."""
    prefix, key = place
    context = {
        "document": document,
        "meeting": document.meeting,
        "export": exports.FORMATS[document.extension],
        "state_url": reverse(f"{prefix}document-state", args=[key, document.pk]),
        "file_url": reverse(f"{prefix}document-file", args=[key, document.pk]),
        "back_url": reverse(back, args=[key]),
        **more,
    }
    return render(request, "meetings/document.html", context)


@never_cache
@require_safe
def document_state(request: HttpRequest, code: str, document_id: UUID) -> JsonResponse:
    return state_of(_document(request, code, document_id))


def state_of(document: Document) -> JsonResponse:
    return JsonResponse({"stage": document.get_stage_display(), "percent": document.percent, "over": document.is_over})


@require_POST
def document_cancel(request: HttpRequest, code: str, document_id: UUID) -> HttpResponse:
    documents.cancel(_document(request, code, document_id))
    return redirect("document", code, document_id)


@never_cache
@require_safe
def document_file(request: HttpRequest, code: str, document_id: UUID) -> HttpResponse:
    return file_of(_document(request, code, document_id))


def file_of(document: Document) -> HttpResponse:
    if document.stage != Document.Stage.DONE:
        raise Http404
    with document.file.open("rb") as file:
        return _download(file.read(), exports.FORMATS[document.extension].content_type, document.file_name)


def _document(request: HttpRequest, code: str, document_id: UUID) -> Document:
    """One of a meeting, for those who may read the meeting."""
    return get_object_or_404(
        Document.objects.select_related("meeting"), pk=document_id, meeting=readable(request, code)
    )


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """What the JSON download holds, for those who write programs; public, as it says nothing of any meeting."""
    return HttpResponse(exports.SCHEMA.read_bytes(), content_type="application/schema+json")
