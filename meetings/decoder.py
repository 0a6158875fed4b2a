"""The child process that decodes an upload, as a stream of samples."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from django.conf import settings

from meetings.database import in_database
from meetings.services import recordings
from transcription.captions import SAMPLE_RATE
from transcription.decoding import REASONS, VOICES

MAX_SECONDS = 4 * 3_600
ALIVE_SECONDS = 5.0
BLOCK = 1 << 18  # bytes read at once


class Failed(Exception):
    """The recording cannot be transcribed; the text is one of `recordings.FAILURES`."""


@asynccontextmanager
async def decoded(path: Path, voice: int | None = None) -> AsyncIterator[asyncio.StreamReader]:
    """PCM16 as it is decoded, of all channels together or of one `voice`; raises Failed, also at its end."""
    child = await _start(path, str(MAX_SECONDS), *([] if voice is None else [str(voice)]))
    assert child.stdout is not None
    try:
        yield child.stdout
        if status := await child.wait():
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


async def measure(path: Path, job_id: int) -> int:
    """Decode all of it once: the length in ms, exact, or Failed before anything is stored."""
    size, told_at = 0, 0.0
    async with decoded(path) as samples:
        while pcm := await samples.read(BLOCK):
            size += len(pcm)
            if time.monotonic() - told_at > ALIVE_SECONDS:
                await in_database(recordings.note_alive, job_id)
                told_at = time.monotonic()
    return size // 2 * 1_000 // SAMPLE_RATE
