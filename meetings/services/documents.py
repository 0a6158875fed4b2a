"""Documents that take long: ordered by a reader, made by a worker with a sign of how far it is, kept for a day."""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from meetings import exports
from meetings.disk import is_full, require_room
from meetings.exports import ExportUnavailable, Format, Options
from meetings.models import Document, Meeting

MAX_OPEN = 3  # of one meeting
KEPT = timedelta(days=1)
STALE = timedelta(minutes=6)  # without a sign of life; longer than printing may take
TOLD_EVERY_S = 1.0
BROKEN = "Something went wrong on the server. The document was not made."
NO_ROOM = "The server's disk is full. Tell who runs the server, and order it again when there is room."
STOPPED = "The server stopped while it made this document. Order it again."
OPEN = (Document.Stage.WAITING, Document.Stage.MAKING)


class TooMany(Exception):
    """The message is for people."""


class Cancelled(Exception):
    """The document is not wanted any more."""


def takes_long(meeting: Meeting, export: Format, options: Options) -> bool:
    if export.slow is None or not options.transcript:
        return False
    return bool(meeting.segments.filter(hidden=False)[export.slow.lines : export.slow.lines + 1])


def order(meeting: Meeting, extension: str, options: Options) -> Document:
    """The same document is ordered once while it is being made. Raises TooMany; OSError where the disk is full."""
    require_room(Path(settings.MEDIA_ROOT), 0)
    with transaction.atomic():
        Meeting.objects.select_for_update().get(pk=meeting.pk)
        open_ones = list(meeting.documents.filter(stage__in=OPEN))
        for document in open_ones:
            if (document.extension, document.options) == (extension, asdict(options)):
                return document
        if len(open_ones) >= MAX_OPEN:
            raise TooMany("Other documents of this meeting are being made: try again when they are done.")
        return Document.objects.create(meeting=meeting, extension=extension, options=asdict(options))


def make(document_id: UUID) -> None:
    """Make an ordered document; what goes wrong is written down for who waits."""
    document = _take(document_id)
    if document is None:
        return
    try:
        _render(document)
    except Cancelled:
        return
    except ExportUnavailable as missing:
        _fail(document_id, str(missing))
    except Exception as error:
        _fail(document_id, NO_ROOM if is_full(error) else BROKEN)
        raise


def _take(document_id: UUID) -> Document | None:
    waiting = Document.objects.filter(pk=document_id, stage=Document.Stage.WAITING)
    if not waiting.update(stage=Document.Stage.MAKING, alive_at=timezone.now()):
        return None
    return Document.objects.select_related("meeting__host").get(pk=document_id)


def _render(document: Document) -> None:
    export = exports.FORMATS[document.extension]
    if export.slow is None:
        raise ExportUnavailable("This format is made at once.")
    minutes = exports.build_minutes(document.meeting, Options(**document.options))
    made = export.slow.render(minutes, Teller(partial(_note, document.pk)))
    _note(document.pk, 99)
    _store(document, made)
    done = Document.objects.filter(pk=document.pk, stage=Document.Stage.MAKING).update(
        stage=Document.Stage.DONE, percent=100, file=document.file.name, file_name=minutes.file_name(document.extension)
    )
    if not done:
        document.file.delete(save=False)


def _store(document: Document, made: str | bytes) -> None:
    """All of it or nothing."""
    name = f"{document.pk}.{document.extension}"
    try:
        document.file.save(name, ContentFile(made), save=False)
    except OSError:
        document.file.storage.delete(document.file.field.generate_filename(document, name))
        raise


class Teller:
    """Passes on how much is done, at most once in TOLD_EVERY_S."""

    def __init__(self, note: Callable[[int], None]) -> None:
        self._note = note
        self._told_at = 0.0

    def __call__(self, share: float) -> None:
        if time.monotonic() - self._told_at < TOLD_EVERY_S:
            return
        self._told_at = time.monotonic()
        self._note(int(share * 100))


def _note(document_id: UUID, percent: int) -> None:
    """Raises Cancelled."""
    wanted = Document.objects.filter(pk=document_id, stage=Document.Stage.MAKING)
    if not wanted.update(percent=percent, alive_at=timezone.now()):
        raise Cancelled


def _fail(document_id: UUID, reason: str) -> None:
    wanted = Document.objects.filter(pk=document_id, stage=Document.Stage.MAKING)
    wanted.update(stage=Document.Stage.FAILED, reason=reason[:300])


def cancel(document: Document) -> None:
    Document.objects.filter(pk=document.pk, stage__in=OPEN).update(stage=Document.Stage.CANCELLED)


def waiting() -> list[UUID]:
    """Ordered, and perhaps not heard of by any worker yet."""
    return list(Document.objects.filter(stage=Document.Stage.WAITING).values_list("pk", flat=True))


def forget() -> int:
    """Delete what is older than KEPT with its file, and give up what a dead worker left; returns how many."""
    abandoned = Document.objects.filter(stage=Document.Stage.MAKING, alive_at__lt=timezone.now() - STALE)
    count = abandoned.update(stage=Document.Stage.FAILED, reason=STOPPED)
    return count + delete(Document.objects.filter(created_at__lt=timezone.now() - KEPT))


def delete(documents: QuerySet[Document]) -> int:
    """With their files; one that is being made finds itself cancelled."""
    found = list(documents)
    Document.objects.filter(pk__in=[document.pk for document in found]).delete()
    for document in found:
        if document.file:
            document.file.delete(save=False)
    return len(found)
