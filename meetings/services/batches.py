"""Recordings as jobs of programs: sent in one request, asked after, cancelled, and forgotten after some days."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.files import File
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from meetings.models import Batch, Job, Recording, Segment, User
from meetings.names import INVISIBLE
from meetings.services import events, idempotency, privacy, recordings, uploads, webhooks

MAX_BYTES = 512_000_000  # of a file sent in one request; the page takes larger ones in chunks
MAX_UNFINISHED = 50  # of one person at a time
KEPT = timedelta(days=7)
KEYED = UUID("a1c4f0d2-58c5-4f4e-9d0b-2f1d51a7e6b3")  # the namespace of jobs asked for with a key
MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a file."""

    file_name: str
    size_bytes: int
    language: str = ""
    diarize: bool = False
    webhook: str = ""  # the address that is told of the end, empty for none


def submit(owner: User, key: str, order: Order, file: "File[bytes]") -> Recording:
    """Store all of the file; a worker takes it from there. The same key goes on where a crash ended the first request.

    Raises uploads.TooMuch (TooMany for too many jobs), webhooks.WebhookRefused, idempotency.KeyUsed, OSError.
    """
    recording = _accepted(owner, key, order, file)
    try:
        _fill(recording, file)
    except (OSError, DatabaseError):
        with suppress(DatabaseError):  # what is left goes on with the same key, or is abandoned
            forget(recording)
        raise
    return recording


def _accepted(owner: User, key: str, order: Order, file: "File[bytes]") -> Recording:
    content = hashlib.file_digest(file, "sha256").hexdigest() if key else ""
    with transaction.atomic():
        job_id = idempotency.id_for(owner, KEYED, key, order, content)
        return of(owner).filter(pk=job_id).first() or _new(owner, job_id, order)


def _new(owner: User, job_id: UUID, order: Order) -> Recording:
    recording = uploads.begin(
        owner,
        _title(order.file_name),
        order.language,
        order.size_bytes,
        recording_id=job_id,
        most=MAX_UNFINISHED,
        speakers=Recording.Speakers.AUTO if order.diarize else Recording.Speakers.ONE,
    )
    Batch.objects.create(recording=recording, expires_at=timezone.now() + KEPT)
    if order.webhook:
        webhooks.register_for_job(recording, order.webhook)
    return recording


def _fill(recording: Recording, file: "File[bytes]") -> None:
    """From where it stands: an earlier request may have begun it, or another do so at this moment."""
    while not recording.is_complete:
        file.seek(recording.received_bytes)
        try:
            chunk = file.read(uploads.MAX_CHUNK_BYTES)
            recording = uploads.receive(recording, recording.received_bytes, chunk)
        except uploads.WrongOffset as refusal:
            recording.received_bytes = refusal.received
        except uploads.UploadRefused:  # it was cancelled, as its status says
            return


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
    idempotency.forget(recording.pk)
    Recording.objects.filter(pk=recording.pk).delete()


def discard(recording: Recording) -> None:
    """Its owner wants it no more. A program's job goes with all that came of it; of another the transcript stays."""
    if Batch.objects.filter(recording=recording).exists():
        forget(recording)
    else:
        uploads.delete(recording)


def forget_expired() -> int:
    """Forget what nobody fetched in time; returns how many."""
    expired = Recording.objects.filter(batch__expires_at__lt=timezone.now()).select_related("job", "meeting")
    for recording in expired:
        forget(recording)
    return len(expired)
