"""Recordings as jobs of programs: sent in one request, asked after, cancelled, and forgotten after some days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from meetings.models import Batch, Job, Recording, Segment, User
from meetings.names import INVISIBLE
from meetings.services import events, privacy, recordings, uploads, webhooks

MAX_BYTES = 512_000_000  # of a file sent in one request; the page takes larger ones in chunks
MAX_UNFINISHED = 50  # of one person at a time
KEPT = timedelta(days=7)
KEYED = UUID("a1c4f0d2-58c5-4f4e-9d0b-2f1d51a7e6b3")  # the namespace of jobs asked for with a key
MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job, and the secret of its webhook where it was made with one just now."""

    recording: Recording
    webhook_secret: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a file."""

    file_name: str
    language: str = ""
    diarize: bool = False
    webhook: str = ""  # the address that is told of the end, empty for none


def submit(owner: User, key: str, order: Order, content: Iterable[bytes], size: int) -> Submitted:
    """Store all of the file, `size` bytes; a worker takes it from there.

    Raises uploads.TooMuch (TooMany for too many jobs), webhooks.WebhookRefused, OSError.
    """
    batch_key = uuid5(KEYED, f"{owner.pk}:{key}") if key else uuid4()
    if known := Batch.objects.select_related("recording").filter(key=batch_key).first():
        return Submitted(known.recording)
    try:
        submitted = _accepted(owner, batch_key, order, size)
    except IntegrityError:  # asked for twice at the same moment
        return Submitted(Recording.objects.get(batch__key=batch_key))
    try:
        _fill(submitted.recording, content)
    except OSError:
        forget(submitted.recording)
        raise
    return submitted


def _accepted(owner: User, key: UUID, order: Order, size: int) -> Submitted:
    speakers = Recording.Speakers.AUTO if order.diarize else Recording.Speakers.ONE
    with transaction.atomic():
        title = _title(order.file_name)
        recording = uploads.begin(owner, title, order.language, size, most=MAX_UNFINISHED, speakers=speakers)
        Batch.objects.create(recording=recording, key=key, expires_at=timezone.now() + KEPT)
        secret = webhooks.shown_secret(webhooks.register_for_job(recording, order.webhook)) if order.webhook else ""
    return Submitted(recording, secret)


def _fill(recording: Recording, content: Iterable[bytes]) -> None:
    for piece in content:
        for start in range(0, len(piece), uploads.MAX_CHUNK_BYTES):
            chunk = piece[start : start + uploads.MAX_CHUNK_BYTES]
            recording = uploads.receive(recording, recording.received_bytes, chunk)


def _title(file_name: str) -> str:
    stem = INVISIBLE.sub("", file_name.rpartition(".")[0] or file_name).strip()
    return stem[:MAX_TITLE] or "Recording"


def of(owner: User) -> models.QuerySet[Recording]:
    """The jobs of a person."""
    return Recording.objects.filter(owner=owner).exclude(batch=None).select_related("job", "meeting", "batch")


def result_of(recording: Recording) -> list[Segment]:
    """What was said, in its order; nothing before the job is done."""
    if recording.job.stage != Job.Stage.DONE or recording.meeting is None:
        return []
    spoken = recording.meeting.segments.filter(kind=Segment.Kind.SPEECH, hidden=False)
    return list(spoken.select_related("participant").order_by("start_ms", "sequence"))


def forget(recording: Recording) -> None:
    """The file, the job and its result are gone; work that goes on stops."""
    recordings.cancel(recording)
    if recording.meeting:
        privacy.delete_meetings([recording.meeting])
    events.forget([recording.pk])
    Recording.objects.filter(pk=recording.pk).delete()


def forget_expired() -> int:
    """Forget what nobody fetched in time; returns how many."""
    expired = Recording.objects.filter(batch__expires_at__lt=timezone.now()).select_related("job", "meeting")
    for recording in expired:
        forget(recording)
    return len(expired)
