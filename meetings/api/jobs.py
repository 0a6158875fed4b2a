"""Files of speech that become text: sent in one request, asked after until they are done."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile

from meetings import receiving
from meetings.api.auth import ApiRequest, run_jobs
from meetings.api.job_schemas import JobAccepted, JobOut, JobStatus, NewJob, result_of, with_status
from meetings.api.pages import BY_NEWEST, Page, PageQuery, page_of
from meetings.api.problems import Problem, invalid, not_found
from meetings.api.schemas import IdempotencyKey
from meetings.models import Job, Recording
from meetings.services import batches, recordings, uploads, webhooks

RETRY_SECONDS = "30"
router = Router(tags=["jobs"])


@router.post("", auth=run_jobs, response={202: JobAccepted})
def submit_job(
    request: ApiRequest,
    response: HttpResponse,
    file: File[UploadedFile],
    body: Form[NewJob],
    idempotency_key: IdempotencyKey,
) -> Status[JobAccepted]:
    """An audio or video file of up to 512 MB and four hours: wav, mp3, m4a, ogg, flac, webm, mp4, mov, mkv.

    What is found to be none at once is refused with 413, 415 or 422, by the code that `error` would have.
    """
    size = file.size or 0
    if not size:
        raise invalid("file", "The file is empty.")
    if size > batches.MAX_BYTES:
        raise _too_large("The file is too large: 512 MB are the most.")
    try:
        order = batches.Order(file.name or "", size, **body.dict())
        recording = batches.submit(request.auth.user, idempotency_key, order, file)
    except webhooks.WebhookRefused as refusal:
        raise invalid("form.webhook", refusal.message) from refusal
    except uploads.TooMany as refusal:
        detail = f"{batches.MAX_UNFINISHED} jobs are waiting or running: wait for one, or cancel one."
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS, "too_many_jobs", detail, headers={"Retry-After": RETRY_SECONDS}
        ) from refusal
    except uploads.TooMuch as refusal:
        raise _too_large(str(refusal)) from refusal
    _look(recording)
    response["Location"] = reverse("stt:get_job", args=[recording.pk])
    return Status(202, JobAccepted.of(recording))


class JobQuery(PageQuery):
    status: JobStatus | None = None


@router.get("", auth=run_jobs, response=Page[JobOut])
def list_jobs(request: ApiRequest, query: Query[JobQuery]) -> Page[JobOut]:
    """Newest first, without their results."""
    rows = batches.of(request.auth.user)
    if query.status:
        rows = rows.filter(with_status(query.status))
    page = page_of(rows, BY_NEWEST, query)
    return Page(items=[JobOut.of(recording) for recording in page.items], next_cursor=page.next_cursor)


class ResultQuery(Schema):
    words: bool = Field(False, description="With every word's times and confidence.")


@router.get("/{job_id}", auth=run_jobs, response=JobOut)
def get_job(request: ApiRequest, job_id: UUID, query: Query[ResultQuery]) -> JobOut:
    """How far it is; with the result when it is done."""
    recording = _own(request, job_id)
    return JobOut.of(recording, result_of(recording, words=query.words))


@router.post("/{job_id}/cancel", auth=run_jobs, response=JobOut)
def cancel_job(request: ApiRequest, job_id: UUID) -> JobOut:
    """It stops within seconds; a job that is over stays as it is."""
    recordings.cancel(_own(request, job_id))
    return JobOut.of(_own(request, job_id))


@router.delete("/{job_id}", auth=run_jobs, response={204: None})
def forget_job(request: ApiRequest, job_id: UUID) -> Status[None]:
    """Cancel it, if it goes on, and forget it with everything that came of it."""
    batches.forget(_own(request, job_id))
    return Status(204, None)


def _look(recording: Recording) -> None:
    """One that cannot be transcribed is no job."""
    recording.refresh_from_db()
    if recording.job.stage != Job.Stage.WAITING:  # a second request with its key
        return
    try:
        receiving.look(recording)
    except receiving.ContentRefused as refusal:
        batches.forget(recording)
        raise Problem(refusal.status, refusal.reason, str(refusal)) from refusal


def _own(request: ApiRequest, job_id: UUID) -> Recording:
    recording = batches.of(request.auth.user).filter(pk=job_id).first()
    if recording is None:
        raise not_found("job")
    return recording


def _too_large(detail: str) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)
