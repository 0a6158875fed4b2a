"""The child process that decodes an upload, as a stream of samples."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from meetings.database import in_database
from meetings.services import recordings
from transcription.captions import SAMPLE_RATE
from transcription.decoding import CUT_SHORT, REASONS, VOICES

MAX_SECONDS = 4 * 3_600
TOLD_SECONDS = 2.0  # between two notes of how far it is
FIND_SECONDS = 20.0
BLOCK = 1 << 18  # bytes read at once


class Failed(Exception):
    """The recording cannot be transcribed; the text is one of `recordings.FAILURES`."""


@dataclass(slots=True)
class Decoded:
    """PCM16 as it is decoded; at its end, whether damage left only what comes before it."""

    samples: asyncio.StreamReader
    file: BinaryIO
    cut_short: bool = False

    @property
    def share(self) -> float:
        """Of the file, how much was read: the child has the same place in it."""
        return os.lseek(self.file.fileno(), 0, os.SEEK_CUR) / max(1, os.fstat(self.file.fileno()).st_size)


@asynccontextmanager
async def decoded(path: Path, voice: int | None = None) -> AsyncIterator[Decoded]:
    """All channels together or one `voice`; raises Failed, also at its end."""
    async with _child(path, str(MAX_SECONDS), *([] if voice is None else [str(voice)])) as (child, file):
        assert child.stdout is not None
        sound = Decoded(child.stdout, file)
        yield sound
        sound.cut_short = await _ended(child) == CUT_SHORT


async def count_voices(path: Path) -> int:
    """How many channels the file's sound tracks have together; raises Failed."""
    async with _child(path, VOICES) as (child, _):
        answer, _ = await child.communicate()
        await _ended(child)
    return int(answer)


async def find_sound(path: Path) -> None:
    """Returns with the first sound of it, or when that takes long; raises Failed where there is none."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FIND_SECONDS), _child(path, str(MAX_SECONDS)) as (child, _):
            assert child.stdout is not None
            if not await child.stdout.read(1):
                await _ended(child)


@asynccontextmanager
async def _child(path: Path, *arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, BinaryIO]]:
    """Killed at the end; raises Failed."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Failed("missing") from None
    with file:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "transcription.decoding", *arguments,
            stdin=file, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=settings.BASE_DIR, env={},
        )  # fmt: skip
        try:
            yield child, file
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()


async def _ended(child: asyncio.subprocess.Process) -> int:
    """Its status, 0 or CUT_SHORT; raises Failed."""
    status = await child.wait()
    if status not in (0, CUT_SHORT):
        raise Failed(next((reason for reason, code in REASONS.items() if code == status), "decoder"))
    return status


async def measure(path: Path, job_id: int) -> tuple[int, bool]:
    """Decode all of it once: its exact length in ms and whether damage cut it short. Raises Failed, JobOver."""
    size, told_at = 0, 0.0
    async with decoded(path) as sound:
        while pcm := await sound.samples.read(BLOCK):
            size += len(pcm)
            if time.monotonic() - told_at > TOLD_SECONDS:
                await in_database(recordings.note_checked, job_id, _ms(size), sound.share)
                told_at = time.monotonic()
    return _ms(size), sound.cut_short


def _ms(size: int) -> int:
    return size // 2 * 1_000 // SAMPLE_RATE
