"""The child process that decodes an upload, as a stream of samples."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from meetings.database import in_database
from meetings.services import recordings
from transcription.captions import SAMPLE_RATE
from transcription.decoding import CUT_SHORT, REASONS, VOICES

MAX_SECONDS = 4 * 3_600
ALIVE_SECONDS = 5.0
BLOCK = 1 << 18  # bytes read at once


class Failed(Exception):
    """The recording cannot be transcribed; the text is one of `recordings.FAILURES`."""


@dataclass(slots=True)
class Decoded:
    """PCM16 as it is decoded; at its end, whether damage left only what comes before it."""

    samples: asyncio.StreamReader
    cut_short: bool = False


@asynccontextmanager
async def decoded(path: Path, voice: int | None = None) -> AsyncIterator[Decoded]:
    """All channels together or one `voice`; raises Failed, also at its end."""
    child = await _start(path, str(MAX_SECONDS), *([] if voice is None else [str(voice)]))
    assert child.stdout is not None
    sound = Decoded(child.stdout)
    try:
        yield sound
        status = await child.wait()
        sound.cut_short = status == CUT_SHORT
        if status and not sound.cut_short:
            raise Failed(_reason(status))
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def count_voices(path: Path) -> int:
    """How many channels the file's sound tracks have together; raises Failed."""
    child = await _start(path, VOICES)
    answer, _ = await child.communicate()
    if child.returncode:
        raise Failed(_reason(child.returncode))
    return int(answer)


async def _start(path: Path, *arguments: str) -> asyncio.subprocess.Process:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Failed("missing") from None
    with file:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "transcription.decoding", *arguments,
            stdin=file, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=settings.BASE_DIR, env={},
        )  # fmt: skip


def _reason(status: int) -> str:
    return next((reason for reason, code in REASONS.items() if code == status), "decoder")


async def measure(path: Path, job_id: int) -> tuple[int, bool]:
    """Decode all of it once: its exact length in ms and whether damage cut it short. Raises Failed."""
    size, told_at = 0, 0.0
    async with decoded(path) as sound:
        while pcm := await sound.samples.read(BLOCK):
            size += len(pcm)
            if time.monotonic() - told_at > ALIVE_SECONDS:
                await in_database(recordings.note_alive, job_id)
                told_at = time.monotonic()
    return size // 2 * 1_000 // SAMPLE_RATE, sound.cut_short
