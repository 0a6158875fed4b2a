"""What the media workers have to do, do and did, for those who run the system."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils import timezone

from meetings.models import Job, Recording
from meetings.services.recordings import can_retry, notice, why_failed

MAX_LISTED = 50  # of each kind


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the page shows it."""

    recording: Recording
    stage: str
    percent: int
    length_ms: int
    took_ms: int  # so far, or until its end
    reason: str
    can_retry: bool

    @property
    def speed(self) -> float:
        """Of the recording's length, how much the work took."""
        return self.took_ms / self.length_ms if self.length_ms else 0.0


@dataclass(frozen=True, slots=True)
class Overview:
    running: list[JobRow]
    waiting: list[JobRow]
    failed: list[JobRow]
    over: list[JobRow]  # done or cancelled, the newest first


def overview() -> Overview:
    """At most MAX_LISTED of each; uploads that are still coming in are nobody's work yet."""
    now = timezone.now()
    uploaded = Job.objects.filter(recording__received_bytes=models.F("recording__size_bytes"))
    open_jobs = uploaded.exclude(stage__in=[Job.Stage.DONE, Job.Stage.FAILED, Job.Stage.CANCELLED])
    return Overview(
        running=_rows(open_jobs.exclude(stage=Job.Stage.WAITING).order_by("started_at"), now),
        waiting=_rows(open_jobs.filter(stage=Job.Stage.WAITING).order_by("created_at"), now),
        failed=_rows(Job.objects.filter(stage=Job.Stage.FAILED).order_by("-ended_at"), now),
        over=_rows(Job.objects.filter(stage__in=[Job.Stage.DONE, Job.Stage.CANCELLED]).order_by("-ended_at"), now),
    )


def _rows(jobs: models.QuerySet[Job], now: datetime) -> list[JobRow]:
    return [_row(job, now) for job in jobs.select_related("recording__owner")[:MAX_LISTED]]


def _row(job: Job, now: datetime) -> JobRow:
    took = (job.ended_at or now) - (job.started_at or job.created_at)
    return JobRow(
        recording=job.recording,
        stage=job.get_stage_display(),
        percent=int(100 * job.share),
        length_ms=job.length_ms,
        took_ms=max(0, round(1_000 * took.total_seconds())),
        reason=why_failed(job) or notice(job),
        can_retry=can_retry(job),
    )


def find(recording_id: UUID) -> Recording | None:
    return Recording.objects.select_related("job").filter(pk=recording_id).first()
