"""Recordings: uploaded in chunks like the page's, watched while they become a meeting's transcript."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal, Self
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status
from pydantic import StrictBool, model_validator

from meetings import receiving
from meetings.api.auth import ApiRequest, run_jobs
from meetings.api.job_schemas import STATUS, JobStatus, with_status
from meetings.api.pages import BY_NEWEST, Page, PageQuery, Rows, page_of
from meetings.api.problems import Problem, conflict, invalid, not_found
from meetings.api.schemas import IdempotencyKey, Input, KnownLanguage, Title
from meetings.models import Recording
from meetings.services import batches, recordings, uploads
from transcription.diarization.turns import MAX_SPEAKERS

RETRY_SECONDS = "30"
CHUNK = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
router = Router(tags=["recordings"])


class NewRecording(Input):
    title: Title
    language: KnownLanguage = Field("", description="BCP-47; empty finds it.")
    size_bytes: int = Field(ge=1, le=uploads.MAX_BYTES, strict=True)
    speakers: Literal["auto", "channels", "one"] = Field("one", description="How many voices are in it, and where.")
    speakers_least: int | None = Field(None, ge=1, le=MAX_SPEAKERS, strict=True)
    speakers_most: int | None = Field(None, ge=1, le=MAX_SPEAKERS, strict=True)
    keep_audio: StrictBool = Field(False, description="For the review: only where everybody in it agrees.")

    @model_validator(mode="after")
    def _least_is_least(self) -> Self:
        if self.speakers_least and self.speakers_most and self.speakers_least > self.speakers_most:
            raise ValueError("There cannot be fewer speakers at most than at least.")
        return self


RecordingStatus = Literal["uploading", JobStatus]
UPLOADING = Q(received_bytes__lt=F("size_bytes")) & ~Q(job__stage__in=uploads.OVER)


class RecordingQuery(PageQuery):
    status: RecordingStatus | None = None


class RecordingOut(Schema):
    id: UUID
    title: str
    status: RecordingStatus
    progress: float = Field(description="0 to 1, of the upload and then of the stage.")
    size_bytes: int
    received_bytes: int = Field(description="The next chunk begins here.")
    error: str = Field(description="Why it failed; else empty.")
    detail: str = Field(description="The same for people.")
    notice: str = Field(
        description="What the transcript lacks, and why: speakers, or what a damaged file lost. Else empty."
    )
    chunk_bytes: int = Field(description="No chunk may be larger.")
    meeting_id: UUID | None = Field(description="Whose transcript it became.")
    created_at: datetime

    @staticmethod
    def resolve_status(recording: Recording) -> str:
        if not recording.is_complete and not recording.job.is_over:
            return "uploading"
        return STATUS.get(recording.job.stage, "running")

    @staticmethod
    def resolve_progress(recording: Recording) -> float:
        received = recording.received_bytes / recording.size_bytes
        return round(recording.job.share if recording.is_complete else received, 3)

    @staticmethod
    def resolve_error(recording: Recording) -> str:
        return recording.job.reason

    @staticmethod
    def resolve_detail(recording: Recording) -> str:
        return recordings.why_failed(recording.job)

    @staticmethod
    def resolve_notice(recording: Recording) -> str:
        return recordings.notice(recording.job)

    @staticmethod
    def resolve_chunk_bytes(_recording: Recording) -> int:
        return uploads.MAX_CHUNK_BYTES


@router.get("", auth=run_jobs, response=Page[RecordingOut])
def list_recordings(request: ApiRequest, query: Query[RecordingQuery]) -> Rows[Recording]:
    """What you uploaded, newest first."""
    rows = _mine(request)
    if query.status == "uploading":
        rows = rows.filter(UPLOADING)
    elif query.status:
        rows = rows.filter(with_status(query.status) & ~UPLOADING)
    return page_of(rows, BY_NEWEST, query)


@router.post("", auth=run_jobs, response={201: RecordingOut})
def begin_recording(
    request: ApiRequest, response: HttpResponse, body: NewRecording, idempotency_key: IdempotencyKey
) -> Status[Recording]:
    """Then send its bytes to `…/chunks/0`, `…/chunks/{received_bytes}` and so on; the work begins with the last one."""
    try:
        recording = uploads.begin_once(request.auth.user, idempotency_key, **body.dict())
    except uploads.TooMany as refusal:
        headers = {"Retry-After": RETRY_SECONDS}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many", str(refusal), headers=headers) from refusal
    except uploads.TooMuch as refusal:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", str(refusal)) from refusal
    response["Location"] = reverse("api:get_recording", args=[recording.pk])
    return Status(201, recording)


@router.get("/{recording_id}", auth=run_jobs, response=RecordingOut)
def get_recording(request: ApiRequest, recording_id: UUID) -> Recording:
    return _own(request, recording_id)


@router.put("/{recording_id}/chunks/{int:offset}", auth=run_jobs, response=RecordingOut, openapi_extra=CHUNK)
def send_chunk(request: ApiRequest, recording_id: UUID, offset: int) -> Recording:
    """The file's bytes from `offset` on; where that is not `received_bytes`, 409, and the detail says what is.

    What cannot be transcribed is refused with 413, 415 or 422 once its first bytes, or all of them, say so.
    """
    recording = _own(request, recording_id)
    try:
        if not request.body:
            raise invalid("body", "The chunk is empty.")
        if len(request.body) > uploads.MAX_CHUNK_BYTES:
            raise uploads.TooMuch("The chunk is too large.")
        receiving.receive(recording, offset, request.body)
    except uploads.WrongOffset as refusal:
        raise conflict("wrong_offset", f"Go on from byte {refusal.received}.") from refusal
    except receiving.ContentRefused as refusal:
        raise Problem(refusal.status, refusal.reason, str(refusal)) from refusal
    except (uploads.TooMuch, RequestDataTooBig) as refusal:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The chunk is too large.") from refusal
    except uploads.UploadRefused as refusal:
        raise conflict("over", str(refusal)) from refusal
    return _own(request, recording_id)


@router.post("/{recording_id}/cancel", auth=run_jobs, response=RecordingOut)
def cancel_recording(request: ApiRequest, recording_id: UUID) -> Recording:
    """It stops within seconds; what was transcribed so far stays. One that is over stays as it is."""
    recordings.cancel(_own(request, recording_id))
    return _own(request, recording_id)


@router.post("/{recording_id}/retry", auth=run_jobs, response=RecordingOut)
def retry_recording(request: ApiRequest, recording_id: UUID) -> Recording:
    """One that failed goes back into the queue, within a week."""
    if not recordings.retry(_own(request, recording_id)):
        raise conflict("not_retryable", "It did not fail, or its file is gone: upload it once more.")
    return _own(request, recording_id)


@router.delete("/{recording_id}", auth=run_jobs, response={204: None})
def delete_recording(request: ApiRequest, recording_id: UUID) -> Status[None]:
    """With its file and the work on it; the transcript that came of it stays, but for a job's."""
    batches.discard(_own(request, recording_id))
    return Status(204, None)


def _mine(request: ApiRequest) -> QuerySet[Recording]:
    return Recording.objects.filter(owner=request.auth.user).select_related("job", "meeting")


def _own(request: ApiRequest, recording_id: UUID) -> Recording:
    recording = _mine(request).filter(pk=recording_id).first()
    if recording is None:
        raise not_found("recording")
    return recording
