"""The real path: frames into the audio bus, a transcriber that owns the streams, captions out of its sink."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from bench.screen import Screen
from bench.streaming import FRAME, ScreenLog, pcm_frames, until
from tests.speech import Voice
from transcription.bus import AudioBus
from transcription.captions import Final, Gap, Partial, Settled
from transcription.recogniser import Recogniser
from transcription.streams import StreamInfo
from transcription.worker import Claim, Transcriber, WorkerSettings


class ScreenSink:
    """A sink that stores nothing and shows everything."""

    def __init__(self) -> None:
        self.logs: dict[str, ScreenLog] = {}
        self.done: dict[str, asyncio.Event] = {}

    async def claim(self, stream: StreamInfo) -> Claim | None:
        return Claim(stream, 1, 0)

    async def partial(self, claim: Claim, partial: Partial) -> None:
        self.logs[claim.stream.stream_id].take(partial)

    async def store(self, claim: Claim, caption: Final | Gap) -> None:
        self.logs[claim.stream.stream_id].take(caption)

    async def settle(self, claim: Claim, settled: Settled) -> None: ...

    async def released(self, claim: Claim) -> None:
        self.done[claim.stream.stream_id].set()


class ThroughRedis:
    def __init__(self, bus: AudioBus, sink: ScreenSink) -> None:
        self._bus = bus
        self._sink = sink

    async def play(self, voice: Voice, screen: Screen, began: float) -> None:
        stream_id = f"{voice.name}-{uuid.uuid4().hex[:6]}"
        self._sink.logs[stream_id] = ScreenLog(screen, began)
        self._sink.done[stream_id] = asyncio.Event()
        await self._bus.register(StreamInfo(stream_id, "bench", voice.name, preferred_languages=("en",)), "bench", 0)
        for index, frame in enumerate(pcm_frames(voice)):
            await until(began + (index + 1) * 0.1)
            await self._bus.append(stream_id, "bench", index * FRAME, frame)
        await self._bus.pause(stream_id, "bench")
        await self._sink.done[stream_id].wait()


@asynccontextmanager
async def redis_path(url: str, recogniser: Recogniser) -> AsyncIterator[ThroughRedis]:
    redis = Redis.from_url(url, socket_timeout=None)
    bus, sink = AudioBus(redis), ScreenSink()
    working = asyncio.create_task(Transcriber(bus, recogniser, sink, WorkerSettings()).run(), name="transcriber")
    try:
        yield ThroughRedis(bus, sink)
    finally:
        working.cancel()
        await asyncio.wait([working])
        await redis.aclose()
