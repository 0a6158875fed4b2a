"""A recording becomes a transcript: its audio goes over the bus like a microphone's, as fast as it is settled.

The transcriber that serves the rooms recognises it, so captions are stored once and in order whatever dies meanwhile:
who takes the job over asks the bus how far it is and goes on from there.
"""

from datetime import timedelta
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from meetings.models import AudioStream, Job, Meeting, Participant, Recording
from meetings.services import events, speakers, voices
from meetings.services.corrections import CorrectionRefused
from meetings.services.speakers import Diarization
from meetings.services.uploads import OVER, path_of
from meetings.services.vocabulary import vocabulary_of
from meetings.times import clock
from transcription.captions import SAMPLE_RATE
from transcription.streams import StreamInfo

STALE = timedelta(seconds=60)  # without a sign of life another worker takes the job
MAX_ATTEMPTS = 3
FAILURES = {
    "format": gettext_noop(
        "This is no audio or video file of a kind we read (wav, mp3, m4a, ogg, flac, webm, mp4, mov, mkv)."
    ),
    "silent": gettext_noop("The file has no sound track."),
    "length": gettext_noop("The recording is too long: four hours are the most."),
    "damaged": gettext_noop("The file is damaged: no sound could be read from it."),
    "decoder": gettext_noop("The file could not be read within the limits of memory and time."),
    "missing": gettext_noop("The uploaded file is gone from the server. Upload it again."),
    "crash": gettext_noop("The work on it broke off three times. The media worker's log says why."),
    "voices": gettext_noop("The file has too many channels to be a speaker each: sixteen are the most."),
}
UNTOLD = {
    "extra": gettext_noop(
        "Speakers were not told apart: the server lacks the extra for it (make install-diarization)."
    ),
    "models": gettext_noop("Speakers were not told apart: the models for it are missing (make install-diarization)."),
    "disk": gettext_noop("Speakers were not told apart: the server's disk is full."),
    "crash": gettext_noop("Speakers were not told apart: it failed. The media worker's log says why."),
    "approved": gettext_noop("Speakers were not told apart: the transcript was approved meanwhile."),
}


class JobOver(Exception):
    """Cancelled, deleted or done meanwhile."""


def why_failed(job: Job) -> str:
    """In the reader's language; empty where it did not fail."""
    return gettext(FAILURES[job.reason]) if job.reason in FAILURES else ""


def notice(job: Job) -> str:
    """What the transcript lacks, and why, in the reader's language; empty where it is whole."""
    lacks = []
    if job.cut_short:
        time = clock(job.length_ms)
        lacks.append(gettext("The file is damaged: nothing after %(time)s could be read.") % {"time": time})
    if job.untold in UNTOLD:
        lacks.append(gettext(UNTOLD[job.untold]))
    return " ".join(lacks)


def take(job_id: int) -> Job | None:
    """The job, if it waits or its worker died; None when somebody works on it, it is over, or it is given up now."""
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("recording").filter(pk=job_id).first()
        if job is None or job.stage in OVER or not job.recording.is_complete:
            return None
        if job.stage != Job.Stage.WAITING and job.alive_at > timezone.now() - STALE:
            return None
        if job.attempts >= MAX_ATTEMPTS:
            _give_up(job)
            return None
        job.stage = Job.Stage.CHECKING
        job.attempts += 1
        job.alive_at = timezone.now()
        job.started_at = job.started_at or job.alive_at
        job.save(update_fields=["stage", "attempts", "alive_at", "started_at"])
    return job


def _give_up(job: Job) -> None:
    """Who works on it dies of it: what is transcribed stays, without speakers where telling them apart was left."""
    if job.stage == Job.Stage.DIARIZING:
        finish(job.pk, Diarization(unable="crash"))
    else:
        fail(job.pk, "crash")


def waiting_jobs() -> list[int]:
    """Uploaded recordings that nobody works on."""
    open_jobs = Job.objects.exclude(stage__in=OVER).filter(recording__received_bytes__gt=0)
    idle = [job for job in open_jobs.select_related("recording") if job.recording.is_complete]
    stale = timezone.now() - STALE
    return [job.pk for job in idle if job.stage == Job.Stage.WAITING or job.alive_at < stale]


def open_recording(job: Job, length_ms: int, voices: int | None = None, *, cut_short: bool = False) -> list[StreamInfo]:
    """The content is good: make the meeting with a stream, or one for each voice, or find those made before.

    Raises JobOver.
    """
    with transaction.atomic():
        known = {"length_ms": length_ms, "cut_short": cut_short}
        if not _open(job.pk).update(stage=Job.Stage.TRANSCRIBING, done_ms=0, **known):
            raise JobOver
        recording = Recording.objects.select_for_update().get(pk=job.recording_id)
        if recording.meeting is None:
            _new_meeting(recording, length_ms, voices)
        streams = list(streams_of(recording))
    return [
        StreamInfo(
            stream_id=str(stream.pk),
            meeting_id=str(stream.participant.meeting_id),
            participant_id=str(stream.participant_id),
            language=recording.language,
            preferred_languages=tuple(recording.preferred_languages),
            vocabulary=vocabulary_of(stream.participant),
            background=True,
        )
        for stream in streams
    ]


def streams_of(recording: Recording) -> models.QuerySet[AudioStream]:
    streams = AudioStream.objects.filter(participant__meeting=recording.meeting)
    return streams.select_related("participant").order_by("participant__color")


def _new_meeting(recording: Recording, length_ms: int, voices: int | None) -> None:
    started_at = recording.created_at
    meeting = Meeting.objects.create(
        title=recording.title,
        host=recording.owner,
        language=recording.language,
        status=Meeting.Status.ENDED,
        started_at=started_at,
        ended_at=started_at + timedelta(milliseconds=length_ms),
        keep_audio=recording.keep_audio,
    )
    recording.meeting = meeting
    recording.save(update_fields=["meeting"])
    names = [f"Channel {number + 1}" for number in range(voices)] if voices else [speakers.UNNAMED]
    for color, name in enumerate(names):
        speaker = Participant.objects.create(
            meeting=meeting,
            display_name=name,
            role=Participant.Role.MEMBER,
            color=color,
            audio_agreed=recording.keep_audio or None,
        )
        AudioStream.objects.create(participant=speaker, offset_ms=0, language=recording.language, started_at=started_at)


def note_checked(job_id: int, done_ms: int, share: float) -> None:
    """The file is being checked: a sign of life, and its length as the share that was read tells. Raises JobOver."""
    length_ms = round(done_ms / share) if share else 0
    if not _open(job_id).update(alive_at=timezone.now(), done_ms=done_ms, length_ms=length_ms):
        raise JobOver


def note_progress(job_id: int, stream_id: str) -> int | None:
    """A sign of life; the samples (16 kHz) that are settled, or None when the job was cancelled or is gone."""
    siblings = AudioStream.objects.filter(participant__meeting__recording__job=job_id)
    settled = {str(pk): sample for pk, sample in siblings.values_list("pk", "settled_sample")}
    if stream_id not in settled:
        return None
    alive = Job.objects.filter(pk=job_id, stage=Job.Stage.TRANSCRIBING)
    done_ms = sum(settled.values()) * 1_000 // SAMPLE_RATE // len(settled)
    return settled[stream_id] if alive.update(alive_at=timezone.now(), done_ms=done_ms) else None


def end_stream(stream_id: str, samples: int) -> None:
    """All of it is stored: its length is now known exactly."""
    AudioStream.objects.filter(pk=stream_id).update(ended_at=timezone.now(), received_until=samples)


def note_share(job_id: int, share: float) -> None:
    """Speakers are being told apart: a sign of life and how much of it is done. Raises JobOver."""
    done_ms = models.F("length_ms") * share
    if not _open(job_id).update(stage=Job.Stage.DIARIZING, alive_at=timezone.now(), done_ms=done_ms):
        raise JobOver


def finish(job_id: int, said: Diarization) -> None:
    """All is stored: the words go to their speakers, and the upload is needed only where they could not be told."""
    with transaction.atomic():
        jobs = Job.objects.select_for_update(of=("self",)).select_related("recording__meeting")
        job = jobs.filter(pk=job_id).first()
        if job is None or job.is_over:
            return
        streams = list(streams_of(job.recording).select_for_update(of=("self",)))
        untold = said.unable
        try:
            voices.suggest(speakers.assign(streams[:1], said.turns), said)
        except CorrectionRefused as refusal:
            untold = refusal.code
        length_ms = max(stream.received_until for stream in streams) * 1_000 // SAMPLE_RATE
        if meeting := job.recording.meeting:
            meeting.ended_at = job.recording.created_at + timedelta(milliseconds=length_ms)
            meeting.save(update_fields=["ended_at"])
            events.meeting_event("transcript.ready", meeting.pk)
        _end(job_id, Job.Stage.DONE, done_ms=length_ms, length_ms=length_ms, untold=untold)
    if not untold:
        path_of(job.recording).unlink(missing_ok=True)


def fail(job_id: int, reason: str) -> None:
    """What was stored stays; `reason` is one of FAILURES."""
    _end(job_id, Job.Stage.FAILED, reason=reason)


def refuse(recording: Recording, reason: str) -> None:
    """It can never be transcribed: no file is kept for another try."""
    fail(recording.job.pk, reason)
    path_of(recording).unlink(missing_ok=True)


def cancel(recording: Recording) -> None:
    """Stops within seconds; what was transcribed so far stays, the upload goes."""
    with transaction.atomic():
        _end(recording.job.pk, Job.Stage.CANCELLED)
        list(Recording.objects.select_for_update().filter(pk=recording.pk))  # after a chunk that is being written
    path_of(recording).unlink(missing_ok=True)


def can_retry(job: Job) -> bool:
    """Whether it failed, or ended without its speakers, and its upload is still there."""
    less = job.stage == Job.Stage.FAILED or (job.stage == Job.Stage.DONE and job.untold != "")
    return less and path_of(job.recording).exists()


def retry(recording: Recording) -> bool:
    """Put a job that `can_retry` back into the queue; what is transcribed stays. False for others."""
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("recording").get(recording=recording)
        if not can_retry(job):
            return False
        job.stage, job.reason, job.untold = Job.Stage.WAITING, "", ""
        job.attempts, job.started_at, job.ended_at, job.done_ms = 0, None, None, 0
        job.save()
    return True


def _open(job_id: int) -> models.QuerySet[Job]:
    return Job.objects.filter(pk=job_id).exclude(stage__in=OVER)


def _end(job_id: int, stage: Job.Stage, **facts: object) -> None:
    with transaction.atomic():
        if _open(job_id).update(stage=stage, ended_at=timezone.now(), **facts):
            events.job_event(Job.objects.select_related("recording").get(pk=job_id))


def recording_of(recording_id: UUID, owner_id: int) -> Recording | None:
    return Recording.objects.select_related("job", "meeting").filter(pk=recording_id, owner_id=owner_id).first()
