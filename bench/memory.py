"""What a further speaker takes in memory: two speakers talk, then the same talk goes round among 34."""

import asyncio
import time
from collections.abc import AsyncIterator

from bench.streaming import FRAME, family_rss_bytes, pcm_frames, until
from tests.speech import Voice
from transcription.captions import Caption
from transcription.recogniser import Recogniser
from transcription.streams import StreamInfo

FEW, MANY = 2, 34
TURN_FRAMES = 50  # five seconds, until all of MANY had their turn
SILENCE = bytes(2 * FRAME)


async def mb_per_added_speaker(recogniser: Recogniser, voice: Voice) -> float:
    """The speakers share one recording, so that no measuring instrument grows with them."""
    frames = pcm_frames(voice)
    few = await _bytes_held(recogniser, frames, FEW)
    many = await _bytes_held(recogniser, frames, MANY)
    return round((many - few) / (MANY - FEW) / 1e6, 2)


async def _bytes_held(recogniser: Recogniser, frames: list[bytes], speakers: int) -> int:
    """At the end of the last turn, while all are in."""
    opened = [recogniser.open(StreamInfo(f"memory {number}", "bench", "")) for number in range(speakers)]
    reading = [asyncio.create_task(_drop(speaker.captions())) for speaker in opened]
    began = time.monotonic()
    for index in range(TURN_FRAMES * MANY // FEW):
        await until(began + (index + 1) * 0.1)
        turn = index // TURN_FRAMES * FEW % speakers
        for number, speaker in enumerate(opened):
            talks = turn <= number < turn + FEW
            speaker.push(frames[index % len(frames)] if talks else SILENCE, index * FRAME)
    held = family_rss_bytes()
    await asyncio.gather(*(speaker.finish() for speaker in opened), *reading)
    return held


async def _drop(captions: AsyncIterator[Caption]) -> None:
    async for _ in captions:
        pass
