"""Feeds a decoded recording to the bus: never far ahead of what is settled, from wherever the bus is."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asgiref.sync import async_to_sync

from meetings.database import in_database
from meetings.decoder import Failed, count_voices, decoded, measure
from meetings.diarizing import blocks, diarize
from meetings.models import Recording
from meetings.redis import audio_bus, with_redis
from meetings.services import recordings
from meetings.services.speakers import Diarization
from meetings.services.uploads import path_of
from transcription.captions import SAMPLE_RATE
from transcription.diarization.turns import SpeakerCount
from transcription.errors import BusFull, BusUnavailable, StreamSuperseded, StreamUnknown
from transcription.streams import StreamInfo

PIECE = SAMPLE_RATE  # samples of one frame on the bus
AHEAD = 90 * SAMPLE_RATE  # fed beyond what is settled
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """An uploaded file, or one channel of it."""

    path: Path
    voice: int | None
    keep: bool  # beyond the transcription


class Stopped(Exception):
    """Cancelled, deleted, or another worker has it."""


def transcribe(job_id: int) -> None:
    """Take the job, if it is free, through to its end; safe to be called twice and to be killed anywhere."""
    job = recordings.take(job_id)
    if job is None:
        return
    path = path_of(job.recording)
    try:
        length_ms, cut_short = with_redis(partial(measure, path, job_id))
        infos = recordings.open_recording(job, length_ms, _voices(path, job.recording), cut_short=cut_short)
        with_redis(partial(_feed_all, path, job_id, infos, keep=job.recording.keep_audio))
        said = Diarization()
        if job.recording.speakers == Recording.Speakers.AUTO:
            bounds = SpeakerCount(job.recording.speakers_least, job.recording.speakers_most)
            said = async_to_sync(diarize)(blocks(path), bounds, partial(recordings.note_share, job_id))
    except Failed as failure:
        recordings.fail(job_id, str(failure))
    except (Stopped, recordings.JobOver):
        return
    else:
        recordings.finish(job_id, said)


def _voices(path: Path, recording: Recording) -> int | None:
    """How many channels are a speaker each; None where they are heard together."""
    if recording.speakers != Recording.Speakers.CHANNELS:
        return None
    return async_to_sync(count_voices)(path)


async def _feed_all(path: Path, job_id: int, infos: Sequence[StreamInfo], *, keep: bool) -> None:
    """Every stream to its end, one after the other."""
    for number, info in enumerate(infos):
        source = Source(path, number if len(infos) > 1 else None, keep)
        samples = await _feed(source, job_id, info)
        await in_database(recordings.end_stream, info.stream_id, samples)


async def _feed(source: Source, job_id: int, info: StreamInfo) -> int:
    """Returns how many samples the recording has, when all of them are settled."""
    while True:
        try:
            return await _feed_from_cursor(source, job_id, info)
        except StreamUnknown:  # Redis lost it: once more from what is settled
            continue


async def _feed_from_cursor(source: Source, job_id: int, info: StreamInfo) -> int:
    writer = uuid.uuid4().hex
    settled = await _progress(job_id, info)
    position = 0
    async with decoded(source.path, source.voice) as sound:
        cursor = await audio_bus().register(info, writer, settled)
        while pcm := await _piece(sound.samples):
            if position + len(pcm) // 2 > cursor:
                while position - settled > AHEAD:
                    await asyncio.sleep(POLL_SECONDS)
                    settled = await _progress(job_id, info)
                await _append(info, writer, position, pcm, keep=source.keep)
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


async def _append(info: StreamInfo, writer: str, position: int, pcm: bytes, *, keep: bool) -> None:
    while True:
        try:
            await audio_bus().append(info.stream_id, writer, position, pcm, keep=keep)
        except (BusFull, BusUnavailable):
            await asyncio.sleep(POLL_SECONDS)
        except StreamSuperseded:
            raise Stopped from None
        else:
            return
