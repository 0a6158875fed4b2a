"""The child process that tells the speakers of an upload apart, fed by the one that decodes it."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from meetings.database import in_database
from meetings.decoder import BLOCK, decoded
from meetings.models import Recording
from meetings.services.speakers import Diarization
from transcription.diarization.turns import Turn

logger = logging.getLogger(__name__)
TOLD_SECONDS = 2.0  # between two notes of how far it is
LINE_BYTES = 16_000_000  # the turns of four hours come in one line


async def diarize(path: Path, recording: Recording, note: Callable[[float], None]) -> Diarization:
    """Who speaks when, or why that cannot be told. `note` is given the share that is done; what it raises ends it.

    Raises Failed when the file cannot be decoded.
    """
    child = _Child(await _start(recording))
    listening = asyncio.create_task(child.listen(), name="diarization answers")
    pouring = asyncio.create_task(child.pour(path), name="diarization audio")
    try:
        while not listening.done():
            await in_database(note, child.share)
            await asyncio.wait([listening], timeout=TOLD_SECONDS)
        await pouring
        return listening.result()
    finally:
        await child.end(listening, pouring)


async def _start(recording: Recording) -> asyncio.subprocess.Process:
    bounds = [str(recording.speakers_least or 1), *([str(recording.speakers_most)] if recording.speakers_most else [])]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "transcription.diarization", *bounds,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES,
        cwd=settings.BASE_DIR, env={**os.environ, "VAR_DIR": str(settings.VAR_DIR)},
    )  # fmt: skip


@dataclass
class _Child:
    process: asyncio.subprocess.Process
    share: float = 0.0

    async def pour(self, path: Path) -> None:
        assert self.process.stdin is not None
        async with decoded(path) as samples:
            with suppress(BrokenPipeError, ConnectionResetError):  # it needs no more, and says why
                while pcm := await samples.read(BLOCK):
                    self.process.stdin.write(pcm)
                    await self.process.stdin.drain()
            while await samples.read(BLOCK):
                pass
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
