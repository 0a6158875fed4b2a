"""The audio bus against a real Valkey: exactly once, one writer, bounded, leases."""

from collections.abc import AsyncIterator
from uuid import uuid4

import numpy as np
import pytest
from redis.asyncio import Redis

from transcription import bus as bus_module
from transcription.bus import AudioBus, Frame, NewFrame, Pause
from transcription.errors import BusFull, BusUnavailable, StreamSuperseded, StreamUnknown
from transcription.streams import StreamInfo


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.delete(bus_module.LIVE)
    yield client
    await client.aclose()


@pytest.fixture
def bus(redis: Redis) -> AudioBus:
    return AudioBus(redis)


@pytest.fixture
async def stream(bus: AudioBus) -> str:
    info = StreamInfo(stream_id=str(uuid4()), meeting_id="m", participant_id="p", vocabulary=("Ada",))
    assert await bus.register(info, "tab-1", 0) == 0
    return info.stream_id


def counted(first_sample: int, count: int) -> bytes:
    """Samples that carry their own number."""
    return np.arange(first_sample, first_sample + count).astype("<i2").tobytes()


async def samples_in(bus: AudioBus, stream: str) -> list[int]:
    entries = (await bus.read({stream: b"0"}, 1_000, 10)).get(stream, [])
    pcm = b"".join(entry.pcm for entry in entries if isinstance(entry, Frame))
    return [int(sample) for sample in np.frombuffer(pcm, "<i2")]


async def test_frames_are_read_as_they_were_written(bus: AudioBus, stream: str) -> None:
    await bus.append(stream, "tab-1", 0, counted(0, 1600), age_ms=7)
    appended = await bus.append(stream, "tab-1", 1600, counted(1600, 1600))
    assert (appended.next_sample, appended.duplicate, appended.gap_samples) == (3200, False, 0)
    first, second = (await bus.read({stream: b"0"}, 10, 10))[stream]
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    assert (first.first_sample, first.age_ms, first.end_sample, first.resumed) == (0, 7, 1600, False)
    assert second.pcm == counted(1600, 1600)
    assert (await bus.read({stream: first.entry_id}, 10, 10))[stream] == [second]


async def test_what_is_there_already_is_dropped(bus: AudioBus, stream: str) -> None:
    await bus.append(stream, "tab-1", 0, counted(0, 1600))
    again = await bus.append(stream, "tab-1", 0, counted(0, 1600))
    overlapping = await bus.append(stream, "tab-1", 800, counted(800, 1600))
    assert again.duplicate
    assert (overlapping.duplicate, overlapping.next_sample) == (False, 2400)
    assert await samples_in(bus, stream) == list(range(2400))


async def test_a_jump_is_a_gap_unless_the_microphone_was_paused(bus: AudioBus, stream: str) -> None:
    await bus.append(stream, "tab-1", 0, counted(0, 100))
    assert (await bus.append(stream, "tab-1", 150, counted(150, 50))).gap_samples == 50
    await bus.pause(stream, "tab-1")
    await bus.pause(stream, "tab-1")
    assert (await bus.append(stream, "tab-1", 1000, counted(1000, 10))).gap_samples == 0
    _, jump, pause, resumed = (await bus.read({stream: b"0"}, 10, 10))[stream]
    assert isinstance(jump, Frame)
    assert not jump.resumed
    assert isinstance(pause, Pause)
    assert pause.sample == 200
    assert isinstance(resumed, Frame)
    assert resumed.resumed


async def test_sample_numbers_stay_exact_when_large(bus: AudioBus) -> None:
    info = StreamInfo(stream_id=str(uuid4()), meeting_id="m", participant_id="p")
    start = 2**47 + 1
    assert await bus.register(info, "tab-1", start) == start
    assert (await bus.append(info.stream_id, "tab-1", start, counted(0, 3))).next_sample == start + 3
    (entry,) = (await bus.read({info.stream_id: b"0"}, 10, 10))[info.stream_id]
    assert isinstance(entry, Frame)
    assert entry.first_sample == start


async def test_the_newest_writer_wins_and_goes_on_where_the_last_ended(bus: AudioBus, stream: str) -> None:
    await bus.append(stream, "tab-1", 0, counted(0, 100))
    info = await bus.info(stream)
    assert info is not None
    assert info.vocabulary == ("Ada",)
    assert await bus.register(info, "tab-2", 0) == 100
    with pytest.raises(StreamSuperseded):
        await bus.append(stream, "tab-1", 100, counted(100, 100))
    await bus.append(stream, "tab-2", 100, counted(100, 100))
    assert await samples_in(bus, stream) == list(range(200))


async def test_an_unknown_stream_asks_to_be_registered(bus: AudioBus) -> None:
    with pytest.raises(StreamUnknown):
        await bus.append(str(uuid4()), "tab-1", 0, counted(0, 10))


async def test_a_full_stream_takes_nothing_and_loses_nothing(
    bus: AudioBus, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "MAX_FRAMES", 2)
    await bus.append(stream, "tab-1", 0, counted(0, 10))
    await bus.append(stream, "tab-1", 10, counted(10, 10))
    with pytest.raises(BusFull):
        await bus.append(stream, "tab-1", 20, counted(20, 10))
    entries = (await bus.read({stream: b"0"}, 10, 10))[stream]
    await bus.trim(stream, entries[0].entry_id)
    assert (await bus.append(stream, "tab-1", 20, counted(20, 10))).gap_samples == 0
    assert await samples_in(bus, stream) == list(range(10, 30))


async def test_frames_that_came_together_are_taken_in_one_step(bus: AudioBus, stream: str) -> None:
    frames = [
        NewFrame(0, counted(0, 100), 7),
        NewFrame(50, counted(50, 50), 7),
        NewFrame(50, counted(50, 100), 7),
        NewFrame(200, counted(200, 10)),
    ]
    appended = await bus.append_all(stream, "tab-1", frames)
    assert [(one.next_sample, one.duplicate, one.gap_samples) for one in appended] == [
        (100, False, 0), (100, True, 0), (150, False, 0), (210, False, 50),
    ]  # fmt: skip
    assert await samples_in(bus, stream) == [*range(150), *range(200, 210)]


async def test_frames_beyond_the_bound_are_not_answered(
    bus: AudioBus, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "MAX_FRAMES", 2)
    frames = [NewFrame(10 * number, counted(10 * number, 10)) for number in range(4)]
    assert [one.next_sample for one in await bus.append_all(stream, "tab-1", frames)] == [10, 20]
    with pytest.raises(BusFull):
        await bus.append_all(stream, "tab-1", frames[2:])


async def test_only_the_first_of_the_frames_after_a_pause_resumes(bus: AudioBus, stream: str) -> None:
    await bus.append(stream, "tab-1", 0, counted(0, 10))
    await bus.pause(stream, "tab-1")
    resumed, late = await bus.append_all(
        stream, "tab-1", [NewFrame(100, counted(100, 10)), NewFrame(120, counted(120, 10))]
    )
    assert (resumed.gap_samples, late.gap_samples) == (0, 10)


async def test_a_frame_says_whether_it_may_be_kept(bus: AudioBus, stream: str) -> None:
    await bus.pause(stream, "tab-1")
    frames = [
        NewFrame(0, counted(0, 10), keep=True),
        NewFrame(10, counted(10, 10)),
        NewFrame(20, counted(20, 10), 3, True),
    ]
    await bus.append_all(stream, "tab-1", frames)
    entries = (await bus.read({stream: b"0"}, 10, 10))[stream]
    assert [(entry.keep, entry.resumed) for entry in entries if isinstance(entry, Frame)] == [
        (True, True), (False, False), (True, False),
    ]  # fmt: skip


async def test_redis_out_of_memory_is_a_full_bus(bus: AudioBus, stream: str, redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(BusFull):
            await bus.append(stream, "tab-1", 0, counted(0, 10))
    finally:
        await redis.config_set("maxmemory", 0)
    assert (await bus.append(stream, "tab-1", 0, counted(0, 10))).next_sample == 10


async def test_redis_away_says_so() -> None:
    client = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    with pytest.raises(BusUnavailable):
        await AudioBus(client).unowned()


async def test_a_stream_has_one_owner_until_the_lease_ends(bus: AudioBus, stream: str) -> None:
    await bus.append(stream, "tab-1", 0, counted(0, 10))
    assert await bus.unowned() == [stream]
    assert await bus.acquire(stream, "one", 5_000)
    assert not await bus.acquire(stream, "two", 5_000)
    assert await bus.unowned() == []
    assert await bus.renew(stream, "one", 5_000)
    assert not await bus.renew(stream, "two", 5_000)
    await bus.release(stream, "two")
    assert not await bus.acquire(stream, "two", 5_000)
    await bus.release(stream, "one")
    assert await bus.acquire(stream, "two", 5_000)


async def test_a_stream_retires_only_when_all_its_audio_is_settled(bus: AudioBus, stream: str) -> None:
    await bus.append(stream, "tab-1", 0, counted(0, 10))
    assert not await bus.retire(stream, b"0")
    assert not await bus.drained([stream])
    (entry,) = (await bus.read({stream: b"0"}, 10, 10))[stream]
    await bus.append(stream, "tab-1", 10, counted(10, 10))
    assert not await bus.retire(stream, entry.entry_id)
    (later,) = (await bus.read({stream: entry.entry_id}, 10, 10))[stream]
    assert await bus.retire(stream, later.entry_id)
    assert await bus.drained([stream])
