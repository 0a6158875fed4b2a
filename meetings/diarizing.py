"""The child process that tells speakers apart, fed with samples as they are decoded."""

import asyncio
import importlib.util
import json
import logging
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from meetings.database import in_database
from meetings.decoder import BLOCK, decoded
from meetings.services import shared_microphones, voices
from meetings.services.kept_audio import KeptAudioMissing
from meetings.services.speakers import Diarization
from transcription.diarization.bundle import find_bundle
from transcription.diarization.turns import SpeakerCount, Turn

logger = logging.getLogger(__name__)
TOLD_SECONDS = 2.0  # between two notes of how far it is
PATIENCE_SECONDS = 900.0  # for its models, and beyond that…
SLOWEST = 2.0  # …seconds for each of the audio, before it is taken to hang
BYTES_PER_SECOND = 32_000
LINE_BYTES = 16_000_000  # the turns of four hours come in one line


async def diarize(
    samples: AsyncGenerator[bytes, None], bounds: SpeakerCount, note: Callable[[float], None]
) -> Diarization:
    """Who speaks when in PCM16 at 16 kHz, or why that cannot be told.

    `note` is given the share that is done; what it raises ends it, as what `samples` raises does.
    """
    child = _Child(await _start(bounds))
    began = time.monotonic()
    listening = asyncio.create_task(child.listen(), name="diarization answers")
    pouring = asyncio.create_task(child.pour(samples), name="diarization audio")
    try:
        while not listening.done():
            await in_database(note, child.share)
            await asyncio.wait([listening, pouring], timeout=TOLD_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
            if pouring.done():
                pouring.result()
            if time.monotonic() - began > PATIENCE_SECONDS + SLOWEST * child.poured_bytes / BYTES_PER_SECOND:
                logger.error("diarization hangs at %.0f %% and is given up", 100 * child.share)
                return Diarization(unable="crash")
        return listening.result()
    finally:
        await child.end(listening, pouring)


async def blocks(path: Path) -> AsyncGenerator[bytes, None]:
    """An upload's samples; raises Failed when the file cannot be decoded."""
    async with decoded(path) as sound:
        while pcm := await sound.samples.read(BLOCK):
            yield pcm


def _can_diarize() -> bool:
    """Whether the extra and a model are there; loads neither."""
    has_model = os.environ.get("DIARIZATION_MODEL") or os.environ.get("HF_TOKEN") or find_bundle()
    return bool(has_model) and importlib.util.find_spec("pyannote") is not None


async def diarize_room(room_id: UUID) -> None:
    """Tell apart who shared a microphone, if nobody does or did; audio that is gone meanwhile is given up."""
    if not _can_diarize() or not await in_database(shared_microphones.take, room_id):
        return
    try:
        samples = _in_turn(shared_microphones.samples(room_id))
        said = await diarize(samples, SpeakerCount(), lambda _share: shared_microphones.note_alive(room_id))
    except shared_microphones.RoomGone:
        return
    except KeptAudioMissing as missing:
        logger.warning("participant %s: who shared the microphone is not told apart, %s is gone", room_id, missing)
        said = Diarization()
    await in_database(shared_microphones.finish, room_id, said)


async def learn_voice(participant_id: UUID) -> None:
    """Learn what somebody who agreed to it sounds like, from their own microphone."""
    if not _can_diarize() or not await in_database(voices.take, participant_id):
        return
    try:
        said = await diarize(_in_turn(voices.samples(participant_id)), SpeakerCount(), lambda _share: None)
    except KeptAudioMissing as missing:
        logger.warning("participant %s: the voice is not learned, %s is gone", participant_id, missing)
        return
    await in_database(voices.learn, participant_id, said)


async def _in_turn(runs: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    while pcm := await in_database(next, runs, b""):
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
    poured_bytes: int = 0

    async def pour(self, samples: AsyncGenerator[bytes, None]) -> None:
        assert self.process.stdin is not None
        async with aclosing(samples):
            with suppress(BrokenPipeError, ConnectionResetError):  # it needs no more, and says why
                async for pcm in samples:
                    self.process.stdin.write(pcm)
                    await self.process.stdin.drain()
                    self.poured_bytes += len(pcm)
        self.process.stdin.close()

    async def listen(self) -> Diarization:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            if "turns" in said:
                turns = [Turn(*turn) for turn in said["turns"]]
                return Diarization(turns, voices=said.get("voices", ()), model=said.get("model", ""))
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
