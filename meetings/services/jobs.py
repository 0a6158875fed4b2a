"""What the media workers have to do, do and did, for those who run the system."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.models import Job, Recording, SecondPass
from meetings.services import shared_microphones
from meetings.services.recordings import can_retry, notice, why_failed
from meetings.services.shared_microphones import Room

MAX_LISTED = 50  # of each kind


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the page shows it; nothing where it is not known, and no address where it cannot be done."""

    kind: str
    title: str
    owner: str
    created_at: datetime | None
    stage: str
    reason: str
    percent: int | None = None
    length_ms: int = 0
    took_ms: int | None = None  # so far, or until its end
    size_bytes: int = 0
    retry_url: str = ""
    cancel_url: str = ""

    @property
    def speed(self) -> float:
        """Of the recording's length, how much the work took."""
        return self.took_ms / self.length_ms if self.length_ms and self.took_ms else 0.0


@dataclass(frozen=True, slots=True)
class Overview:
    running: list[JobRow]
    waiting: list[JobRow]
    failed: list[JobRow]
    over: list[JobRow]  # done or cancelled, the newest of each kind first


def overview() -> Overview:
    """At most MAX_LISTED of each; uploads that are still coming in are nobody's work yet."""
    uploaded = Job.objects.filter(recording__received_bytes=models.F("recording__size_bytes"))
    open_jobs = uploaded.exclude(stage__in=[Job.Stage.DONE, Job.Stage.FAILED, Job.Stage.CANCELLED])
    passes, stages = SecondPass.objects, SecondPass.Stage
    rooms = shared_microphones.rooms(MAX_LISTED)
    return Overview(
        running=[
            *_uploads(open_jobs.exclude(stage=Job.Stage.WAITING).order_by("started_at")),
            *_passes(passes.filter(stage=stages.LISTENING).order_by("started_at")),
            *_rooms(rooms, "running"),
        ],
        waiting=[
            *_uploads(open_jobs.filter(stage=Job.Stage.WAITING).order_by("created_at")),
            *_passes(passes.filter(stage=stages.WAITING).order_by("created_at")),
            *_rooms(rooms, "waiting"),
        ],
        failed=[
            *_uploads(Job.objects.filter(stage=Job.Stage.FAILED).order_by("-ended_at")),
            *_passes(passes.filter(stage=stages.FAILED).order_by("-ended_at")),
            *_rooms(rooms, "failed"),
        ],
        over=[
            *_uploads(Job.objects.filter(stage__in=[Job.Stage.DONE, Job.Stage.CANCELLED]).order_by("-ended_at")),
            *_passes(passes.filter(stage=stages.DONE).order_by("-ended_at")),
            *_rooms(rooms, "over"),
        ],
    )


def _uploads(jobs: models.QuerySet[Job]) -> list[JobRow]:
    return [_upload(job) for job in jobs.select_related("recording__owner")[:MAX_LISTED]]


def _upload(job: Job) -> JobRow:
    recording = job.recording
    return JobRow(
        kind=_("Recording"),
        title=recording.title,
        owner=str(recording.owner),
        created_at=recording.created_at,
        stage=job.get_stage_display(),
        reason=why_failed(job) or notice(job),
        percent=int(100 * job.share),
        length_ms=job.length_ms,
        took_ms=_took_ms(job),
        size_bytes=recording.size_bytes,
        retry_url=reverse("job-retry", args=[recording.pk]) if can_retry(job) else "",
        cancel_url="" if job.is_over else reverse("job-cancel", args=[recording.pk]),
    )


def _passes(jobs: models.QuerySet[SecondPass]) -> list[JobRow]:
    return [_pass(job) for job in jobs.select_related("meeting__host")[:MAX_LISTED]]


def _pass(job: SecondPass) -> JobRow:
    failed = job.stage == SecondPass.Stage.FAILED
    return JobRow(
        kind=_("Second pass"),
        title=job.meeting.title,
        owner=str(job.meeting.host),
        created_at=job.created_at,
        stage=job.get_stage_display(),
        reason=job.reason,
        percent=job.percent,
        length_ms=job.length_ms,
        took_ms=_took_ms(job),
        retry_url=reverse("second-pass-retry", args=[job.meeting_id]) if failed else "",
    )


def _rooms(rooms: Iterable[Room], stage: str) -> list[JobRow]:
    return [_room(room) for room in rooms if room.stage == stage]


def _room(room: Room) -> JobRow:
    person, meeting = room.participant, room.participant.meeting
    stages = {
        "running": Job.Stage.DIARIZING.label,
        "waiting": Job.Stage.WAITING.label,
        "failed": Job.Stage.FAILED.label,
        "over": Job.Stage.DONE.label,
    }
    return JobRow(
        kind=_("Shared microphone"),
        title=f"{meeting.title}: {person.display_name}",
        owner=str(meeting.host),
        created_at=meeting.ended_at,
        stage=str(stages[room.stage]),
        reason=room.reason,
        retry_url=reverse("microphone-retry", args=[person.pk]) if room.stage == "failed" else "",
    )


def _took_ms(job: Job | SecondPass) -> int:
    took = (job.ended_at or timezone.now()) - (job.started_at or job.created_at)
    return max(0, round(1_000 * took.total_seconds()))


def find(recording_id: UUID) -> Recording | None:
    return Recording.objects.select_related("job").filter(pk=recording_id).first()
