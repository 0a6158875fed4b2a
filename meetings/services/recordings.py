"""A recording becomes a transcript: its audio goes over the bus like a microphone's, as fast as it is settled.

The transcriber that serves the rooms recognises it, so captions are stored once and in order whatever dies meanwhile:
who takes the job over asks the bus how far it is and goes on from there.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from meetings.models import AudioStream, Job, Meeting, Participant, Recording
from meetings.services.uploads import path_of
from transcription.captions import SAMPLE_RATE
from transcription.streams import StreamInfo

STALE = timedelta(seconds=60)  # without a sign of life another worker takes the job
FAILURES = {
    "format": "This is no audio or video file of a kind we read (wav, mp3, m4a, ogg, flac, webm, mp4, mov, mkv).",
    "silent": "The file has no sound track.",
    "length": "The recording is too long: four hours are the most.",
    "damaged": "The file is damaged: no sound could be read from it.",
    "decoder": "The file could not be read within the limits of memory and time.",
    "missing": "The uploaded file is gone from the server. Upload it again.",
}
OVER = (Job.Stage.DONE, Job.Stage.FAILED, Job.Stage.CANCELLED)


def take(job_id: int) -> Job | None:
    """The job, if it waits or its worker died; None when somebody works on it, or it is over."""
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("recording").filter(pk=job_id).first()
        if job is None or job.stage in OVER or not job.recording.is_complete:
            return None
        if job.stage != Job.Stage.WAITING and job.alive_at > timezone.now() - STALE:
            return None
        job.stage = Job.Stage.CHECKING
        job.alive_at = timezone.now()
        job.save(update_fields=["stage", "alive_at"])
    return job


def waiting_jobs() -> list[int]:
    """Uploaded recordings that nobody works on."""
    open_jobs = Job.objects.exclude(stage__in=OVER).filter(recording__received_bytes__gt=0)
    idle = [job for job in open_jobs.select_related("recording") if job.recording.is_complete]
    stale = timezone.now() - STALE
    return [job.pk for job in idle if job.stage == Job.Stage.WAITING or job.alive_at < stale]


def open_recording(job: Job, length_ms: int) -> StreamInfo:
    """The content is good: make the meeting with one stream, or find the one made before."""
    with transaction.atomic():
        recording = Recording.objects.select_for_update().get(pk=job.recording_id)
        stream = _stream_of(recording.meeting) if recording.meeting else _new_meeting(recording, length_ms)
        Job.objects.filter(pk=job.pk).update(stage=Job.Stage.TRANSCRIBING, length_ms=length_ms)
    return StreamInfo(
        stream_id=str(stream.pk),
        meeting_id=str(stream.participant.meeting_id),
        participant_id=str(stream.participant_id),
        language=recording.language,
    )


def _stream_of(meeting: Meeting) -> AudioStream:
    return AudioStream.objects.select_related("participant").get(participant__meeting=meeting)


def _new_meeting(recording: Recording, length_ms: int) -> AudioStream:
    started_at = recording.created_at
    meeting = Meeting.objects.create(
        title=recording.title,
        host=recording.owner,
        language=recording.language,
        status=Meeting.Status.ENDED,
        started_at=started_at,
        ended_at=started_at + timedelta(milliseconds=length_ms),
    )
    speaker = Participant.objects.create(meeting=meeting, display_name="Recording", role=Participant.Role.MEMBER)
    recording.meeting = meeting
    recording.save(update_fields=["meeting"])
    return AudioStream.objects.create(
        participant=speaker, offset_ms=0, language=recording.language, started_at=started_at
    )


def note_alive(job_id: int) -> None:
    """A sign of life while nothing is stored yet."""
    Job.objects.filter(pk=job_id).update(alive_at=timezone.now())


def note_progress(job_id: int, stream_id: str) -> int | None:
    """A sign of life; the samples (16 kHz) that are settled, or None when the job was cancelled or is gone."""
    settled = AudioStream.objects.filter(pk=stream_id).values_list("settled_sample", flat=True).first()
    if settled is None:
        return None
    alive = Job.objects.filter(pk=job_id, stage=Job.Stage.TRANSCRIBING)
    done_ms = settled * 1_000 // SAMPLE_RATE
    return settled if alive.update(alive_at=timezone.now(), done_ms=done_ms) else None


def finish(job_id: int, stream_id: str, samples: int) -> None:
    """All is stored: the length is now known exactly, and the upload is not needed any more."""
    job = Job.objects.select_related("recording__meeting").get(pk=job_id)
    length_ms = samples * 1_000 // SAMPLE_RATE
    with transaction.atomic():
        AudioStream.objects.filter(pk=stream_id).update(ended_at=timezone.now(), received_until=samples)
        if meeting := job.recording.meeting:
            meeting.ended_at = job.recording.created_at + timedelta(milliseconds=length_ms)
            meeting.save(update_fields=["ended_at"])
        _end(job_id, Job.Stage.DONE, done_ms=length_ms, length_ms=length_ms)
    path_of(job.recording).unlink(missing_ok=True)


def fail(job_id: int, reason: str) -> None:
    """What was stored stays; `reason` is one of FAILURES."""
    _end(job_id, Job.Stage.FAILED, reason=reason)


def cancel(recording: Recording) -> None:
    """Stops within seconds; what was transcribed so far stays, the upload goes."""
    _end(recording.job.pk, Job.Stage.CANCELLED)
    path_of(recording).unlink(missing_ok=True)


def retry(recording: Recording) -> bool:
    """Put a failed job back into the queue; False when it did not fail or the file is gone."""
    if not path_of(recording).exists():
        return False
    failed = Job.objects.filter(recording=recording, stage=Job.Stage.FAILED)
    return bool(failed.update(stage=Job.Stage.WAITING, reason="", ended_at=None))


def _end(job_id: int, stage: Job.Stage, **facts: object) -> None:
    open_job = Job.objects.filter(pk=job_id).exclude(stage__in=OVER)
    open_job.update(stage=stage, ended_at=timezone.now(), **facts)


def recording_of(recording_id: UUID, owner_id: int) -> Recording | None:
    return Recording.objects.select_related("job", "meeting").filter(pk=recording_id, owner_id=owner_id).first()
