"""The kept audio: FLAC files in a Django storage, stored under the fence of their stream's owner, and read again."""

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import PurePosixPath

import numpy as np
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, QuerySet
from numpy.typing import NDArray

from meetings.models import AudioStream, KeptPiece, KnownVoice
from meetings.models.keeping import kept_storage
from transcription.captions import SAMPLE_RATE
from transcription.errors import LeaseLost, StoreUnavailable
from transcription.intake import Intake, Run
from transcription.keeping import Piece

logger = logging.getLogger(__name__)
Samples = NDArray[np.int16]


class KeptAudioMissing(Exception):
    """A piece's file is gone or cannot be read; the text names the file."""


# ── Storing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def save_file(meeting_id: str, stream_id: str, fence: int, piece: Piece, sample_rate: int) -> tuple[str, int]:
    """Encode a piece and give it to the storage; returns its name and size in bytes. Raises StoreUnavailable."""
    try:
        flac = encode(piece.pcm, sample_rate)
        name = f"{meeting_id}/{stream_id}/{piece.first_sample:012d}-{fence}.flac"
        return kept_storage().save(name, ContentFile(flac)), len(flac)
    except Exception as error:  # storages have no error of their own in common
        raise StoreUnavailable(f"{type(error).__name__}: audio not stored") from error


def record(stream_id: str, fence: int, piece: Piece, name: str, size_bytes: int) -> bool:
    """Make a saved file the stream's; False when the piece is stored already, or was erased. Raises LeaseLost."""
    with transaction.atomic():
        stream = AudioStream.objects.select_for_update(of=("self",)).filter(pk=stream_id, fence=fence).first()
        if stream is None:
            raise LeaseLost(f"stream {stream_id} has a newer owner")
        if stream.erased or piece.first_sample < stream.kept_until:
            return False
        KeptPiece.objects.create(
            stream=stream,
            first_sample=piece.first_sample,
            samples=piece.end_sample - piece.first_sample,
            file=name,
            size_bytes=size_bytes,
        )
        stream.kept_until = piece.end_sample
        stream.save(update_fields=["kept_until"])
    return True


def drop_file(name: str) -> None:
    """Delete a file that no row names; what the storage refuses now, the sweep of orphans deletes later."""
    try:
        kept_storage().delete(name)
    except Exception as error:  # storages have no error of their own in common
        logger.warning("kept audio %s not deleted (%s)", name, type(error).__name__)


def forget(pieces: QuerySet[KeptPiece]) -> int:
    """Delete pieces with their files and the voices that were learned from them; returns how many."""
    names = list(pieces.values_list("file", flat=True))
    KnownVoice.objects.filter(participant__streams__kept_pieces__file__in=names).delete()
    KeptPiece.objects.filter(file__in=names).delete()
    transaction.on_commit(lambda: drop_files(names))
    return len(names)


def drop_files(names: Iterable[str]) -> None:
    """Delete files that no row names any more, and the folders that are empty then."""
    names = list(names)
    for name in names:
        drop_file(name)
    folders = {parent for name in names for parent in PurePosixPath(name).parents if parent.name}
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
        with suppress(Exception):  # it is not empty, or the storage knows no folders
            kept_storage().delete(str(folder))


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(stream: AudioStream, start: int = 0, end: int | None = None) -> Iterator[tuple[int, Samples]]:
    """The kept audio of a stream that overlaps [start, end): (first sample, samples) in order, both at 16 kHz.

    Between the runs nothing was kept, or nothing was said. Raises KeptAudioMissing.
    """
    rate = stream.sample_rate
    pieces = stream.kept_pieces.annotate(until=F("first_sample") + F("samples"))
    pieces = pieces.filter(until__gt=max(0, start) * rate // SAMPLE_RATE)
    if end is not None:
        pieces = pieces.filter(first_sample__lt=-(-max(0, end) * rate // SAMPLE_RATE))
    intake = Intake(rate)
    for name, first_sample in pieces.values_list("file", "first_sample"):
        yield from _runs(intake.push(_pcm(name), first_sample))
    yield from _runs(intake.flush())


def _runs(runs: list[Run]) -> Iterator[tuple[int, Samples]]:
    return ((run.start, run.samples) for run in runs if len(run.samples))


@lru_cache(maxsize=16)  # 16 MB at 16 kHz: a player asks for the same piece several times in a row
def _pcm(name: str) -> bytes:
    try:
        with kept_storage().open(name, "rb") as file:
            return decode(file.read())
    except Exception as error:  # storages have no error of their own in common
        raise KeptAudioMissing(name) from error


# ── FLAC ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def encode(pcm: bytes, sample_rate: int) -> bytes:
    """PCM16 LE mono as a FLAC file."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=sample_rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2")[None], format="s16", layout="mono")
        frame.sample_rate = sample_rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()


def decode(flac: bytes) -> bytes:
    """The PCM16 LE of a mono FLAC file."""
    import av

    with av.open(io.BytesIO(flac), "r", format="flac") as container:
        return b"".join(frame.to_ndarray().tobytes() for frame in container.decode(audio=0))
