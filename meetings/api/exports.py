"""The documents made of a meeting: at once where that is quick, by a worker where it is not."""

from http import HTTPStatus
from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status

from meetings import exports
from meetings.api.auth import ApiRequest, read_meetings
from meetings.api.found import readable_meeting
from meetings.api.noting import note_export
from meetings.api.problems import Problem, not_found
from meetings.models import Document
from meetings.services import documents

RETRY_SECONDS = "2"
FILE = {"responses": {200: {"description": "The document", "content": {"*/*": {}}}}}
router = Router(tags=["exports"])


class ExportOut(Schema):
    format: str
    content_type: str
    url: str


class ExportQuery(Schema):
    names: bool = Field(True, description="Without them nobody is named, except in what people said themselves.")
    times: bool = Field(True, description="Before each line; subtitles, JSON and CSV always have them.")
    transcript: bool = Field(True, description="As an appendix; subtitles and CSV are nothing else.")
    insight: bool = Field(False, description="A table of who talked how much, where names may stand.")
    text: Literal["edited", "original"] = Field("edited", description="As people corrected it, or as recognised.")
    language: Literal["de", "en", "es", "fr"] | None = Field(None, description="Of the labels; the meeting's.")

    def options(self) -> exports.Options:
        return exports.Options(
            self.names, self.times, self.transcript, self.text == "original", self.insight, self.language or ""
        )


class DocumentOut(Schema):
    id: UUID
    format: str = Field(alias="extension")
    status: Literal["waiting", "making", "done", "failed", "cancelled"] = Field(alias="stage")
    progress: float = Field(description="0 to 1.")
    reason: str = Field(description="Why it failed, for people.")
    status_url: str
    url: str | None = Field(description="Of the file, once it is done; it is kept for a day.")

    @staticmethod
    def resolve_progress(document: Document) -> float:
        return document.percent / 100

    @staticmethod
    def resolve_status_url(document: Document) -> str:
        return _address("get_document", document)

    @staticmethod
    def resolve_url(document: Document) -> str | None:
        return _address("download_document", document) if document.stage == Document.Stage.DONE else None


def _address(view: str, document: Document) -> str:
    return reverse(f"api:{view}", args=[document.meeting_id, document.pk])


@router.get("/{meeting_id}/exports", auth=read_meetings, response=list[ExportOut])
def list_exports(request: ApiRequest, meeting_id: UUID) -> list[ExportOut]:
    """The documents that can be had of a meeting."""
    readable_meeting(request.auth.user, meeting_id)
    return [
        ExportOut(
            format=name, content_type=kind.content_type, url=reverse("api:download_export", args=[meeting_id, name])
        )
        for name, kind in exports.FORMATS.items()
    ]


@router.get("/{meeting_id}/exports/{format}", auth=read_meetings, response={202: DocumentOut}, openapi_extra=FILE)
def download_export(
    request: ApiRequest,
    response: HttpResponse,
    meeting_id: UUID,
    format: str,  # noqa: A002
    query: Query[ExportQuery],
) -> HttpResponse | Status[Document]:
    """The minutes as a file, in one of the formats of the list; 202 where that takes long: ask `status_url` then."""
    meeting = readable_meeting(request.auth.user, meeting_id)
    kind = exports.FORMATS.get(format)
    if kind is None:
        raise not_found("format")
    if documents.takes_long(meeting, kind, query.options()):
        try:
            ordered = documents.order(meeting, format, query.options())
        except documents.TooMany as refusal:
            headers = {"Retry-After": RETRY_SECONDS}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many", str(refusal), headers=headers) from refusal
        response["Location"] = _address("get_document", ordered)
        response["Retry-After"] = RETRY_SECONDS
        return Status(202, ordered)
    minutes = exports.build_minutes(meeting, query.options())
    try:
        made = kind.render(minutes)
    except exports.ExportUnavailable as missing:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "format_unavailable", str(missing)) from missing
    note_export(request, meeting_id)
    return _file(made, kind.content_type, minutes.file_name(format))


@router.get("/{meeting_id}/documents/{document_id}", auth=read_meetings, response=DocumentOut)
def get_document(request: ApiRequest, meeting_id: UUID, document_id: UUID) -> Document:
    """How far a document is that takes long."""
    return _document(request, meeting_id, document_id)


@router.post("/{meeting_id}/documents/{document_id}/cancel", auth=read_meetings, response=DocumentOut)
def cancel_document(request: ApiRequest, meeting_id: UUID, document_id: UUID) -> Document:
    """One that is over stays as it is."""
    documents.cancel(_document(request, meeting_id, document_id))
    return _document(request, meeting_id, document_id)


@router.get("/{meeting_id}/documents/{document_id}/file", auth=read_meetings, openapi_extra=FILE)
def download_document(request: ApiRequest, meeting_id: UUID, document_id: UUID) -> HttpResponse:
    document = _document(request, meeting_id, document_id)
    if document.stage != Document.Stage.DONE:
        raise not_found("file")
    note_export(request, meeting_id)
    with document.file.open("rb") as file:
        return _file(file.read(), exports.FORMATS[document.extension].content_type, document.file_name)


def _document(request: ApiRequest, meeting_id: UUID, document_id: UUID) -> Document:
    document = readable_meeting(request.auth.user, meeting_id).documents.filter(pk=document_id).first()
    if document is None:
        raise not_found("document")
    return document


def _file(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
