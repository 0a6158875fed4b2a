"""A transcriber on the real bus with a scripted recogniser: one owner, nothing lost, nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from tests.people import FRAME_SAMPLES, numbered
from transcription import bus as bus_module
from transcription import owned
from transcription.bus import AudioBus
from transcription.captions import Caption, Final, Gap, Partial, Settled
from transcription.errors import BusUnavailable, LeaseLost, StoreUnavailable
from transcription.keeping import Piece
from transcription.streams import StreamInfo
from transcription.worker import Claim, Transcriber, WorkerSettings


class ScriptedSpeaker:
    """Makes one final of every frame, at once; a jump beyond what it expects is a gap."""

    def __init__(self, start: int) -> None:
        self.backlog_seconds = 0.0
        self._next = start
        self._captions: asyncio.Queue[Caption | None] = asyncio.Queue()

    def push(self, pcm: bytes, first_sample: int, age_ms: int = 0) -> None:
        end = first_sample + len(pcm) // 2
        if end <= self._next:
            return
        if first_sample > self._next:
            self._captions.put_nowait(Gap(self._next, first_sample))
        self._captions.put_nowait(Final(max(first_sample, self._next), end, f"{first_sample}", (), "en", 1.0))
        self._captions.put_nowait(Settled(end))
        self._next = end

    async def finish(self) -> None:
        self._captions.put_nowait(None)

    async def captions(self) -> AsyncIterator[Caption]:
        while (caption := await self._captions.get()) is not None:
            yield caption


class ScriptedRecogniser:
    ready = True

    def open(self, stream: StreamInfo, resume_sample: int = 0) -> ScriptedSpeaker:
        return ScriptedSpeaker(resume_sample)


@dataclass
class MemorySink:
    """Stores like Postgres does: only under the newest fence, only beyond what is settled."""

    stored: dict[str, list[Final | Gap]] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)
    released_streams: list[str] = field(default_factory=list)
    outages: int = 0
    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    keeps: bool = True

    async def claim(self, stream: StreamInfo) -> Claim | None:
        name = stream.stream_id
        self.fences[name] = self.fences.get(name, 0) + 1
        kept_until = max((piece.end_sample for piece in self.pieces.get(name, [])), default=0)
        return Claim(stream, self.fences[name], self.settled.get(name, 0), kept_until)

    async def partial(self, claim: Claim, partial: Partial) -> None: ...

    async def store(self, claim: Claim, caption: Final | Gap) -> None:
        name = claim.stream.stream_id
        if self.outages:
            self.outages -= 1
            raise StoreUnavailable("scripted")
        if claim.fence != self.fences[name]:
            raise LeaseLost(name)
        if caption.end_sample > self.settled.get(name, 0):
            self.stored.setdefault(name, []).append(caption)
            self.settled[name] = caption.end_sample

    async def settle(self, claim: Claim, settled: Settled) -> None:
        self.settled[claim.stream.stream_id] = max(settled.sample, self.settled.get(claim.stream.stream_id, 0))

    async def keep(self, claim: Claim, piece: Piece) -> None:
        name = claim.stream.stream_id
        if not self.keeps:
            raise StoreUnavailable("scripted")
        if claim.fence != self.fences[name]:
            raise LeaseLost(name)
        self.pieces.setdefault(name, []).append(piece)

    async def released(self, claim: Claim) -> None:
        self.released_streams.append(claim.stream.stream_id)


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[AudioBus]:
    client = Redis.from_url(redis_url)
    await client.delete(bus_module.LIVE)
    yield AudioBus(client)
    await client.aclose()


@pytest.fixture
async def stream(bus: AudioBus) -> str:
    info = StreamInfo(stream_id=str(uuid4()), meeting_id="m", participant_id="p")
    await bus.register(info, "tab", 0)
    return info.stream_id


@asynccontextmanager
async def transcriber(bus: AudioBus, sink: MemorySink, **limits: int) -> AsyncIterator[Transcriber]:
    recogniser: Any = ScriptedRecogniser()
    made = Transcriber(bus, recogniser, sink, WorkerSettings(**{"lease_ms": 1_000, **limits}))
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.wait([running])


async def speak(bus: AudioBus, stream: str, frames: range, *, keep: bool = False) -> None:
    for number in frames:
        first = number * FRAME_SAMPLES
        await bus.append(stream, "tab", first, numbered(first), keep=keep)


async def until(condition: Any, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def texts(sink: MemorySink, stream: str) -> list[str]:
    return [
        c.text if isinstance(c, Final) else f"gap {c.end_sample - c.start_sample}" for c in sink.stored.get(stream, [])
    ]


def spoken(frames: range) -> list[str]:
    return [str(number * FRAME_SAMPLES) for number in frames]


async def test_what_is_spoken_is_stored_and_the_bus_is_emptied(bus: AudioBus, stream: str) -> None:
    sink = MemorySink()
    async with transcriber(bus, sink):
        await speak(bus, stream, range(20))
        await bus.pause(stream, "tab")
        await until(lambda: sink.released_streams == [stream])
    assert texts(sink, stream) == spoken(range(20))
    assert await bus.drained([stream])


async def test_another_transcriber_takes_over_where_the_first_stored_last(bus: AudioBus, stream: str) -> None:
    sink = MemorySink()
    async with transcriber(bus, sink):
        await speak(bus, stream, range(5))
        await until(lambda: len(texts(sink, stream)) == 5)
    async with transcriber(bus, sink):
        await speak(bus, stream, range(5, 10))
        await until(lambda: len(texts(sink, stream)) == 10)
    assert texts(sink, stream) == spoken(range(10))
    assert sink.fences[stream] == 2


async def test_audio_that_was_stored_but_not_trimmed_is_not_stored_again(bus: AudioBus, stream: str) -> None:
    sink = MemorySink(settled={})
    sink.settled[stream] = 3 * FRAME_SAMPLES
    await speak(bus, stream, range(6))
    async with transcriber(bus, sink):
        await until(lambda: len(texts(sink, stream)) == 3)
    assert texts(sink, stream) == spoken(range(3, 6))


async def test_a_missing_stretch_is_a_gap_and_a_pause_is_not(bus: AudioBus, stream: str) -> None:
    sink = MemorySink()
    async with transcriber(bus, sink):
        await speak(bus, stream, range(2))
        await speak(bus, stream, range(3, 4))
        await bus.pause(stream, "tab")
        await speak(bus, stream, range(30, 31))
        await until(lambda: len(texts(sink, stream)) == 5)
    assert texts(sink, stream) == [
        *spoken(range(2)),
        f"gap {FRAME_SAMPLES}",
        *spoken(range(3, 4)),
        *spoken(range(30, 31)),
    ]


async def test_a_store_that_is_away_only_delays(bus: AudioBus, stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "RETRY_SECONDS", 0.05)
    sink = MemorySink(outages=3)
    async with transcriber(bus, sink):
        await speak(bus, stream, range(4))
        await until(lambda: len(texts(sink, stream)) == 4)
    assert texts(sink, stream) == spoken(range(4))


async def test_a_vanished_microphone_is_given_back(bus: AudioBus, stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "IDLE_SECONDS", 0.3)
    sink = MemorySink()
    async with transcriber(bus, sink) as running:
        await speak(bus, stream, range(2))
        await until(lambda: sink.released_streams == [stream])
        assert running.stream_count == 0


async def test_a_stream_that_could_not_be_trimmed_is_given_back(
    bus: AudioBus, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = MemorySink()

    async def away(*_: object) -> None:
        raise BusUnavailable("scripted")

    async with transcriber(bus, sink):
        monkeypatch.setattr(AudioBus, "trim", away)
        await speak(bus, stream, range(2))
        await bus.pause(stream, "tab")
        await until(lambda: sink.settled.get(stream) == 2 * FRAME_SAMPLES)
        monkeypatch.undo()
        await until(lambda: sink.released_streams == [stream])
    assert await bus.drained([stream])


def kept(sink: MemorySink, stream: str) -> list[tuple[int, int]]:
    return [(piece.first_sample, piece.end_sample) for piece in sink.pieces.get(stream, [])]


async def test_audio_stays_in_the_bus_until_it_is_kept_and_is_then_given_free(bus: AudioBus, stream: str) -> None:
    sink = MemorySink()
    async with transcriber(bus, sink):
        await speak(bus, stream, range(5), keep=True)
        await until(lambda: len(texts(sink, stream)) == 5)
        assert (await bus.depth())[stream] == 5
        await bus.pause(stream, "tab")
        await until(lambda: sink.released_streams == [stream])
    assert kept(sink, stream) == [(0, 5 * FRAME_SAMPLES)]
    assert await bus.drained([stream])


async def test_what_was_kept_and_what_was_said_survive_a_take_over_once_each(bus: AudioBus, stream: str) -> None:
    sink = MemorySink()
    async with transcriber(bus, sink):
        await speak(bus, stream, range(3), keep=True)
        await bus.pause(stream, "tab")
        await until(lambda: kept(sink, stream) == [(0, 3 * FRAME_SAMPLES)])
        await speak(bus, stream, range(10, 15), keep=True)
        await until(lambda: len(texts(sink, stream)) == 8)
    async with transcriber(bus, sink):
        await speak(bus, stream, range(15, 18), keep=True)
        await bus.pause(stream, "tab")
        await until(lambda: sink.released_streams == [stream])
    assert texts(sink, stream) == [*spoken(range(3)), *spoken(range(10, 18))]
    assert kept(sink, stream) == [(0, 3 * FRAME_SAMPLES), (10 * FRAME_SAMPLES, 18 * FRAME_SAMPLES)]


async def test_settled_audio_that_waits_to_be_kept_is_kept_when_nobody_speaks_any_more(
    bus: AudioBus, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = MemorySink()
    async with transcriber(bus, sink):
        await speak(bus, stream, range(5), keep=True)
        await until(lambda: len(texts(sink, stream)) == 5)
    monkeypatch.setattr(owned, "IDLE_SECONDS", 0.3)
    async with transcriber(bus, sink):
        await until(lambda: sink.released_streams == [stream])
    assert kept(sink, stream) == [(0, 5 * FRAME_SAMPLES)]
    assert texts(sink, stream) == spoken(range(5))


async def test_captions_go_on_while_audio_cannot_be_kept(bus: AudioBus, stream: str) -> None:
    sink = MemorySink(keeps=False)
    async with transcriber(bus, sink):
        await speak(bus, stream, range(3), keep=True)
        await bus.pause(stream, "tab")
        await speak(bus, stream, range(10, 13), keep=True)
        await until(lambda: len(texts(sink, stream)) == 6)


async def test_two_transcribers_never_share_a_stream(bus: AudioBus, stream: str) -> None:
    sink = MemorySink()
    async with transcriber(bus, sink) as one, transcriber(bus, sink) as two:
        await speak(bus, stream, range(10))
        await until(lambda: len(texts(sink, stream)) == 10)
        assert one.stream_count + two.stream_count == 1
    assert sink.fences[stream] == 1


async def test_a_stream_of_a_deleted_meeting_is_forgotten(bus: AudioBus, stream: str) -> None:
    class EmptyStore(MemorySink):
        async def claim(self, stream: StreamInfo) -> Claim | None:
            return None

    await speak(bus, stream, range(2))
    async with transcriber(bus, EmptyStore()):
        async with asyncio.timeout(5):
            while not await bus.drained([stream]):
                await asyncio.sleep(0.05)
    assert await bus.info(stream) is None
