"""Feeds a decoded recording to the bus: never far ahead of what is settled, from wherever the bus is."""

import asyncio
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from django.conf import settings

from meetings.database import in_database
from meetings.redis import audio_bus, with_redis
from meetings.services import recordings
from meetings.services.uploads import path_of
from transcription.captions import SAMPLE_RATE
from transcription.decoding import REASONS
from transcription.errors import BusFull, BusUnavailable, StreamSuperseded, StreamUnknown
from transcription.streams import StreamInfo

MAX_SECONDS = 4 * 3_600
PIECE = SAMPLE_RATE  # samples of one frame on the bus
AHEAD = 90 * SAMPLE_RATE  # fed beyond what is settled
POLL_SECONDS = 0.5
ALIVE_SECONDS = 5.0


class Failed(Exception):
    """The recording cannot be transcribed; the text is one of `recordings.FAILURES`."""


class Stopped(Exception):
    """Cancelled, deleted, or another worker has it."""


def transcribe(job_id: int) -> None:
    """Take the job, if it is free, through to its end; safe to be called twice and to be killed anywhere."""
    job = recordings.take(job_id)
    if job is None:
        return
    path = path_of(job.recording)
    try:
        length_ms = with_redis(partial(_check, path, job_id))
        info = recordings.open_recording(job, length_ms)
        samples = with_redis(partial(_feed, path, job_id, info))
    except Failed as failure:
        recordings.fail(job_id, str(failure))
    except Stopped:
        return
    else:
        recordings.finish(job_id, info.stream_id, samples)


@asynccontextmanager
async def _decoder(path: Path) -> AsyncIterator[asyncio.StreamReader]:
    """PCM16 as it is decoded; raises Failed, also at its end."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Failed("missing") from None
    with file:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "transcription.decoding", str(MAX_SECONDS),
            stdin=file, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=settings.BASE_DIR, env={},
        )  # fmt: skip
    assert child.stdout is not None
    try:
        yield child.stdout
        if status := await child.wait():
            raise Failed(_reason(status))
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _reason(status: int) -> str:
    return next((reason for reason, code in REASONS.items() if code == status), "decoder")


async def _check(path: Path, job_id: int) -> int:
    """Decode all of it once: the length in ms, exact, or Failed before anything is stored."""
    size, told_at = 0, 0.0
    async with _decoder(path) as samples:
        while pcm := await samples.read(1 << 20):
            size += len(pcm)
            if time.monotonic() - told_at > ALIVE_SECONDS:
                await in_database(recordings.note_alive, job_id)
                told_at = time.monotonic()
    return size // 2 * 1_000 // SAMPLE_RATE


async def _feed(path: Path, job_id: int, info: StreamInfo) -> int:
    """Returns how many samples the recording has, when all of them are settled."""
    while True:
        try:
            return await _feed_from_cursor(path, job_id, info)
        except StreamUnknown:  # Redis lost it: once more from what is settled
            continue


async def _feed_from_cursor(path: Path, job_id: int, info: StreamInfo) -> int:
    writer = uuid.uuid4().hex
    settled = await _progress(job_id, info)
    position = 0
    async with _decoder(path) as samples:
        cursor = await audio_bus().register(info, writer, settled)
        while pcm := await _piece(samples):
            if position + len(pcm) // 2 > cursor:
                while position - settled > AHEAD:
                    await asyncio.sleep(POLL_SECONDS)
                    settled = await _progress(job_id, info)
                await _append(info, writer, position, pcm)
            position += len(pcm) // 2
    await audio_bus().pause(info.stream_id, writer)
    while not await audio_bus().drained([info.stream_id]):
        await _progress(job_id, info)
        await asyncio.sleep(POLL_SECONDS)
    return position


async def _piece(samples: asyncio.StreamReader) -> bytes:
    """A second of audio, less at the end."""
    try:
        return await samples.readexactly(PIECE * 2)
    except asyncio.IncompleteReadError as end:
        return end.partial


async def _progress(job_id: int, info: StreamInfo) -> int:
    """The settled sample; raises Stopped."""
    settled = await in_database(recordings.note_progress, job_id, info.stream_id)
    if settled is None:
        await audio_bus().discard(info.stream_id)
        raise Stopped
    return settled


async def _append(info: StreamInfo, writer: str, position: int, pcm: bytes) -> None:
    while True:
        try:
            await audio_bus().append(info.stream_id, writer, position, pcm)
        except (BusFull, BusUnavailable):
            await asyncio.sleep(POLL_SECONDS)
        except StreamSuperseded:
            raise Stopped from None
        else:
            return
