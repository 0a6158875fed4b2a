"""The child process that tells speakers apart, fed with samples as they are decoded."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from meetings.database import in_database
from meetings.decoder import BLOCK, decoded
from meetings.services.speakers import Diarization
from transcription.diarization.turns import SpeakerCount, Turn

logger = logging.getLogger(__name__)
TOLD_SECONDS = 2.0  # between two notes of how far it is
LINE_BYTES = 16_000_000  # the turns of four hours come in one line


async def diarize(
    samples: AsyncGenerator[bytes, None], bounds: SpeakerCount, note: Callable[[float], None]
) -> Diarization:
    """Who speaks when in PCM16 at 16 kHz, or why that cannot be told.

    `note` is given the share that is done; what it raises ends it, as what `samples` raises does.
    """
    child = _Child(await _start(bounds))
    listening = asyncio.create_task(child.listen(), name="diarization answers")
    pouring = asyncio.create_task(child.pour(samples), name="diarization audio")
    try:
        while not listening.done():
            await in_database(note, child.share)
            await asyncio.wait([listening, pouring], timeout=TOLD_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
            if pouring.done():
                pouring.result()
        return listening.result()
    finally:
        await child.end(listening, pouring)


async def blocks(path: Path) -> AsyncGenerator[bytes, None]:
    """An upload's samples; raises Failed when the file cannot be decoded."""
    async with decoded(path) as samples:
        while pcm := await samples.read(BLOCK):
            yield pcm


async def _start(bounds: SpeakerCount) -> asyncio.subprocess.Process:
    arguments = [str(bounds.at_least or 1), *([str(bounds.at_most)] if bounds.at_most else [])]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "transcription.diarization", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES,
        cwd=settings.BASE_DIR, env={**os.environ, "VAR_DIR": str(settings.VAR_DIR)},
    )  # fmt: skip


@dataclass
class _Child:
    process: asyncio.subprocess.Process
    share: float = 0.0

    async def pour(self, samples: AsyncGenerator[bytes, None]) -> None:
        assert self.process.stdin is not None
        async with aclosing(samples):
            with suppress(BrokenPipeError, ConnectionResetError):  # it needs no more, and says why
                async for pcm in samples:
                    self.process.stdin.write(pcm)
                    await self.process.stdin.drain()
        self.process.stdin.close()

    async def listen(self) -> Diarization:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            if "turns" in said:
                return Diarization([Turn(*turn) for turn in said["turns"]])
            if "unable" in said:
                return Diarization(unable=said["unable"])
            self.share = float(said["share"])
        logger.error("diarization ended without an answer, status %s", await self.process.wait())
        return Diarization(unable="crash")

    async def end(self, *tasks: "asyncio.Task[Any]") -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
