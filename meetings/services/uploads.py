"""Recordings come in: chunk by chunk, each where the last one ended, on disk before it is acknowledged."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.disk import require_room
from meetings.models import Job, Recording, User
from meetings.services import idempotency

MAX_BYTES = 4_000_000_000
MAX_CHUNK_BYTES = 2_000_000
ABANDONED = timedelta(days=1)
RETRIED = timedelta(days=7)  # for so long one that failed, or lacks its speakers, can be tried again
MAX_UNFINISHED = 5  # uploads of one person at a time
KEYED = UUID("5b0f6f0a-9a3c-4c43-8c3e-4b1c2b7f7a52")  # the namespace of uploads begun with a key
SPARE_BYTES = 1_000_000_000  # of the disk, for everything else
OVER = (Job.Stage.DONE, Job.Stage.CANCELLED, Job.Stage.FAILED)


class UploadRefused(Exception):
    """The text is a reason people understand."""


class TooMuch(UploadRefused):
    """Too large, or too many."""


class TooMany(TooMuch):
    """Finish or cancel another one first."""


class WrongOffset(UploadRefused):
    """The chunk does not begin where the last one ended; go on from `received`."""

    def __init__(self, received: int) -> None:
        super().__init__(f"the next byte is number {received}")
        self.received = received


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "recordings"


def path_of(recording: Recording) -> Path:
    """Named by us, never by the person who uploads."""
    return _folder() / f"{recording.pk}.upload"


def begin(
    owner: User,
    title: str,
    language: str,
    size_bytes: int,
    *,
    recording_id: UUID | None = None,
    most: int = MAX_UNFINISHED,
    speakers: str = Recording.Speakers.ONE,
    speakers_least: int | None = None,
    speakers_most: int | None = None,
    keep_audio: bool = False,
    preferred_languages: Sequence[str] = (),
) -> Recording:
    """`most` bounds the owner's unfinished uploads. Raises TooMuch; OSError where the disk has no room for it."""
    if size_bytes > MAX_BYTES:
        raise TooMuch(_("The file is too large: 4 GB is the most."))
    if unfinished(owner).count() >= most:
        raise TooMany(_("You have several unfinished uploads. Finish or cancel one first."))
    require_room(_folder(), size_bytes + _still_to_come(), SPARE_BYTES)
    with transaction.atomic():
        recording = Recording.objects.create(
            pk=recording_id or uuid4(),
            owner=owner,
            title=title,
            language=language,
            speakers=speakers,
            speakers_least=speakers_least,
            speakers_most=speakers_most,
            keep_audio=keep_audio,
            preferred_languages=list(preferred_languages),
            size_bytes=size_bytes,
        )
        Job.objects.create(recording=recording)
    return recording


def begin_once(owner: User, key: str, **wanted: Any) -> Recording:
    """The same key of the same owner gives the same recording. Raises TooMuch, OSError, idempotency.KeyUsed."""
    with transaction.atomic():
        recording_id = idempotency.id_for(owner, KEYED, key, wanted)
        known = Recording.objects.filter(pk=recording_id).first()
        return known or begin(owner, recording_id=recording_id, **wanted)


def unfinished(owner: User) -> models.QuerySet[Recording]:
    return Recording.objects.filter(owner=owner).exclude(job__stage__in=OVER)


def _still_to_come() -> int:
    """Bytes of all uploads under way."""
    under_way = Recording.objects.exclude(job__stage__in=OVER)
    return under_way.aggregate(bytes=models.Sum(models.F("size_bytes") - models.F("received_bytes")))["bytes"] or 0


def forget_old() -> int:
    """Remove uploads that were never finished, after ABANDONED, and that failed, after RETRIED; returns how many."""
    now = timezone.now()
    abandoned = models.Q(created_at__lt=now - ABANDONED, received_bytes__lt=models.F("size_bytes"))
    failed = models.Q(job__stage=Job.Stage.FAILED, job__ended_at__lt=now - RETRIED, batch=None)
    old = list(Recording.objects.filter(abandoned | failed))
    for recording in old:
        delete(recording)
    return len(old)


def sweep() -> int:
    """Delete files whose upload is gone or over for good, after RETRIED also where speakers are untold; returns how
    many."""
    found = set(_folder().glob("*.upload"))  # before the rows are read: a row is there before its file
    told = models.Q(job__untold="") | models.Q(job__ended_at__lt=timezone.now() - RETRIED)
    for_good = models.Q(job__stage=Job.Stage.CANCELLED) | models.Q(job__stage=Job.Stage.DONE) & told
    orphans = found - {path_of(recording) for recording in Recording.objects.exclude(for_good)}
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def delete(recording: Recording) -> None:
    """With its file and the work on it; the transcript that came of it stays."""
    path = path_of(recording)
    recording.delete()  # waits for a chunk that is being written; a later one is refused
    path.unlink(missing_ok=True)


def receive(recording: Recording, offset: int, chunk: bytes) -> Recording:
    """Append a chunk that begins at `offset`; a repeated one changes nothing. Raises UploadRefused, OSError."""
    with transaction.atomic():
        locked = Recording.objects.select_for_update().filter(pk=recording.pk).first()
        if locked is None or locked.job.is_over:  # the job as it is now that the row is locked
            raise UploadRefused(_("This upload was cancelled."))
        if offset != locked.received_bytes:
            raise WrongOffset(locked.received_bytes)
        if offset + len(chunk) > locked.size_bytes:
            raise TooMuch(_("The file is longer than it was said to be."))
        _write(path_of(locked), offset, chunk)
        locked.received_bytes = offset + len(chunk)
        locked.save(update_fields=["received_bytes"])
    return locked


def _write(path: Path, offset: int, chunk: bytes) -> None:
    """All of it or nothing; what a crash left behind the offset is written over."""
    require_room(path.parent, len(chunk))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(offset)
            file.seek(offset)
            file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.truncate(path, offset)
        raise
