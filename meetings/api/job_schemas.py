"""Jobs as the API gives them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from ninja import Field, Schema
from pydantic import BeforeValidator

from meetings.api.schemas import Input, KnownLanguage, WordOut
from meetings.models import Job, Recording, Segment
from meetings.services import batches, recordings, webhooks

JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
STATUS: dict[str, JobStatus] = {
    Job.Stage.WAITING: "queued",
    Job.Stage.DONE: "done",
    Job.Stage.FAILED: "failed",
    Job.Stage.CANCELLED: "cancelled",
}  # everything else is running
HEARD = 0.7  # share of the work that is done when all is text and speakers are not told apart yet


def with_status(status: JobStatus) -> Q:
    """Recordings whose job has this status."""
    return Q(job__stage__in=[stage for stage in Job.Stage if STATUS.get(stage, "running") == status])


def _yes_or_no(value: object) -> object:
    """Forms hold texts; of those Pydantic would take "on" and "1" as well."""
    if value not in {"true", "false"} and not isinstance(value, bool):
        raise ValueError("This is true or false.")
    return value


YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no)]


class NewJob(Input):
    language: KnownLanguage = Field("", description="BCP-47; empty finds it.")
    diarize: YesOrNo = Field(False, description="Tell several speakers apart by their voices.")
    webhook: str = Field("", max_length=2_000, description="An address that is told `job.finished` of this job.")


class JobAccepted(Schema):
    job_id: UUID
    status_url: str = Field(description="Ask here; every second or two is plenty.")
    expires_at: datetime = Field(description="When the job and its result are forgotten.")

    webhook_secret: str = Field(
        description="What its `webhook` checks signatures with; else empty. The same key again shows it again."
    )

    @staticmethod
    def of(recording: Recording) -> "JobAccepted":
        webhook = recording.webhooks.first()
        return JobAccepted(
            job_id=recording.pk,
            status_url=reverse("stt:get_job", args=[recording.pk]),
            expires_at=recording.batch.expires_at,
            webhook_secret=webhooks.shown_secret(webhook) if webhook else "",
        )


class SaidOut(Schema):
    speaker: str
    start_ms: int
    end_ms: int
    text: str
    language: str
    confidence: float
    words: list[WordOut] = Field(description="Empty unless `words=true`.")

    @staticmethod
    def of(segment: Segment, *, words: bool) -> "SaidOut":
        return SaidOut(
            speaker=segment.participant.display_name,
            start_ms=segment.start_ms,
            end_ms=segment.end_ms,
            text=segment.text,
            language=segment.language,
            confidence=segment.confidence,
            words=[WordOut(**word) for word in segment.words] if words else [],
        )


class ResultOut(Schema):
    text: str
    language: str = Field(description="That of most of it.")
    segments: list[SaidOut]


class JobOut(Schema):
    job_id: UUID
    status: JobStatus
    progress: float = Field(description="0 to 1.")
    error: str = Field(
        description="Why it failed: format, silent, length, damaged, decoder, crash or missing; else empty."
    )
    detail: str = Field(description="The same for people.")
    notice: str = Field(
        description="What the transcript lacks, and why: speakers, or what a damaged file lost. Else empty."
    )
    title: str = Field(description="The name of the file.")
    meeting_id: UUID | None = Field(description="Where the API has the transcript as that of a meeting.")
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    result: ResultOut | None = Field(description="Of a job that is done, when one job is asked for.")

    @staticmethod
    def of(recording: Recording, result: ResultOut | None = None) -> "JobOut":
        job = recording.job
        return JobOut(
            job_id=recording.pk,
            status=STATUS.get(job.stage, "running"),
            progress=round(_progress(recording), 3),
            error=job.reason,
            detail=recordings.FAILURES.get(job.reason, ""),
            notice=recordings.notice(job),
            title=recording.title,
            meeting_id=recording.meeting_id,
            created_at=recording.created_at,
            ended_at=job.ended_at,
            expires_at=recording.batch.expires_at,
            result=result,
        )


def _progress(recording: Recording) -> float:
    """Of all stages together but the check of the file, so that it never goes back."""
    job = recording.job
    if job.stage == Job.Stage.CHECKING:
        return 0.0
    if recording.speakers != Recording.Speakers.AUTO or job.is_over:
        return job.share
    return HEARD + (1 - HEARD) * job.share if job.stage == Job.Stage.DIARIZING else HEARD * job.share


def result_of(recording: Recording, *, words: bool) -> ResultOut | None:
    if recording.job.stage != Job.Stage.DONE:
        return None
    said = batches.result_of(recording)
    languages = [segment.language for segment in said if segment.language]
    return ResultOut(
        text=" ".join(segment.text for segment in said),
        language=max(set(languages), key=languages.count) if languages else recording.language,
        segments=[SaidOut.of(segment, words=words) for segment in said],
    )
