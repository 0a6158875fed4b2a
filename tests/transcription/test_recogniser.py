"""Real engine processes, scripted words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from transcription.captions import Caption, Final, Settled
from transcription.engines.base import Hypothesis, SpokenWord
from transcription.engines.scripted import counter_frame
from transcription.errors import EngineFailed, ModelUnavailable
from transcription.recogniser import Recogniser, RecogniserSettings, Speaker
from transcription.scheduler import SLOW_SECONDS
from transcription.speaker import Job, SpeakerProcessor
from transcription.streams import StreamInfo

Start = Callable[..., AbstractAsyncContextManager[Recogniser]]


@pytest.fixture
def recogniser() -> Start:
    @asynccontextmanager
    async def start(script: str = "", hang_seconds: float = 5.0) -> AsyncIterator[Recogniser]:
        made = Recogniser(RecogniserSettings("scripted", script, hang_seconds=hang_seconds))
        await made.start()
        try:
            yield made
        finally:
            await made.close()

    return start


async def talk(recogniser: Recogniser, name: str, first: int, frames: int = 300) -> list[Caption]:
    """Say the numbers from `first` on, 42 to a turn, and collect what comes."""
    speaker = recogniser.open(StreamInfo(name, "meeting", name))
    listening, number = asyncio.create_task(listen(speaker)), first
    for index in range(frames):
        silent = index % 50 >= 42
        speaker.push(counter_frame(0 if silent else number), index * 1_600)
        number += not silent
        await asyncio.sleep(0.001)
    await speaker.finish()
    return await listening


def push(speaker: Speaker, first: int, frames: range) -> None:
    """One turn: 42 numbers, then silence."""
    for index in frames:
        speaker.push(counter_frame(first + index if index < 42 else 0), index * 1_600)


async def listen(speaker: Speaker) -> list[Caption]:
    return [caption async for caption in speaker.captions()]


def words(captions: list[Caption]) -> list[str]:
    return [word for caption in captions if isinstance(caption, Final) for word in caption.text.split()]


def numbers(first: int, count: int = 252) -> list[str]:
    return [str(number) for number in range(first, first + count)]


async def test_speakers_share_an_engine_and_none_loses_a_word(recogniser: Start) -> None:
    async with recogniser() as engine:
        heard = await asyncio.gather(*(talk(engine, f"s{index}", 1_000 * index + 1) for index in range(4)))
    assert [words(captions) for captions in heard] == [numbers(1_000 * index + 1) for index in range(4)]
    assert all(captions[-1] == Settled(300 * 1_600) for captions in heard)


async def test_an_engine_that_dies_once_costs_nothing(recogniser: Start) -> None:
    async with recogniser("crash_once=1100") as engine:
        heard = await asyncio.gather(talk(engine, "harmed", 1_001), talk(engine, "other", 1))
    assert [words(captions) for captions in heard] == [numbers(1_001), numbers(1)]


@pytest.mark.parametrize("fault", ["crash", "hang"])
async def test_a_window_that_kills_the_engine_twice_is_unclear_and_no_other_is_harmed(
    recogniser: Start, fault: str
) -> None:
    async with recogniser(f"{fault}=1100", hang_seconds=0.5) as engine:
        harmed, other = await asyncio.gather(talk(engine, "harmed", 1_001), talk(engine, "other", 1))
    assert words(other) == numbers(1)
    expected = [*numbers(1_001, 84), "[unclear]", *numbers(1_127, 126)]
    assert words(harmed) == expected


async def test_what_a_partial_hung_on_is_tried_once_more_alone_and_after_the_others(
    recogniser: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async with recogniser("hang=1005", hang_seconds=1.0) as engine:
        harmed = engine.open(StreamInfo("harmed", "meeting", "harmed"))
        captions = asyncio.create_task(listen(harmed))
        push(harmed, 1_001, range(20))
        while "restarting it" not in caplog.text:  # a partial of it hung
            await asyncio.sleep(0.01)
        push(harmed, 1_001, range(20, 60))
        finished = asyncio.create_task(harmed.finish())
        assert words(await talk(engine, "other", 1, frames=50)) == numbers(1, 42)
        assert not finished.done()
        assert words(await captions) == ["[unclear]"]
    assert sum("restarting it" in message for message in caplog.messages) == 2


async def test_while_one_lane_hangs_another_serves_the_other_speakers(recogniser: Start) -> None:
    """Also when what hangs is asked for again, as the final of the same words."""
    async with recogniser("lanes=2,hang=1020", hang_seconds=100.0) as engine:
        harmed = engine.open(StreamInfo("harmed", "meeting", "harmed"))
        push(harmed, 1_001, range(30))
        await asyncio.sleep(SLOW_SECONDS + 0.5)
        push(harmed, 1_001, range(30, 60))
        async with asyncio.timeout(50):
            assert words(await talk(engine, "other", 1)) == numbers(1)
        assert harmed.backlog_seconds > 0


async def test_while_the_server_behind_an_engine_is_away_audio_waits_and_nothing_is_lost(recogniser: Start) -> None:
    async with recogniser("away=1020") as engine:
        talking = asyncio.gather(talk(engine, "harmed", 1_001), talk(engine, "other", 1))
        conditions = {engine.condition}
        while not talking.done():
            await asyncio.sleep(0.05)
            conditions.add(engine.condition)
        assert [words(captions) for captions in await talking] == [numbers(1_001), numbers(1)]
        assert conditions == {"ready", "away"}
        assert engine.condition == "ready"


@pytest.mark.parametrize(("windows_that_fit", "condition"), [(2, "ready"), (0.5, "reduced"), (0.1, "reduced")])
async def test_without_memory_it_goes_on_with_less_and_says_so(
    recogniser: Start, windows_that_fit: float, condition: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with recogniser(f"memory={windows_that_fit}") as engine:
        heard = await asyncio.gather(*(talk(engine, f"s{index}", 1_000 * index + 1) for index in range(4)))
        assert engine.condition == condition
    assert [words(captions) for captions in heard] == [numbers(1_000 * index + 1) for index in range(4)]
    assert ("going on with less" in caplog.text) == (condition == "reduced")


async def test_an_engine_that_dies_after_it_ran_out_of_memory_starts_with_what_fitted(recogniser: Start) -> None:
    async with recogniser("memory=0.1,crash_once=1100") as engine:
        assert words(await talk(engine, "harmed", 1_001)) == numbers(1_001)
        assert engine.condition == "reduced"


async def test_a_slow_engine_thins_partials_and_keeps_finals(recogniser: Start) -> None:
    async with recogniser("speed=40") as engine:
        heard = await asyncio.gather(*(talk(engine, f"s{index}", 1_000 * index + 1) for index in range(3)))
    assert [words(captions) for captions in heard] == [numbers(1_000 * index + 1) for index in range(3)]


async def test_an_abandoned_speaker_leaves_the_others_alone(recogniser: Start) -> None:
    async with recogniser() as engine:
        gone = asyncio.create_task(talk(engine, "gone", 1))
        await asyncio.sleep(0.1)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert words(await talk(engine, "stays", 1_001)) == numbers(1_001)


async def test_readiness_and_description_follow_the_engine(recogniser: Start) -> None:
    async with recogniser() as engine:
        assert engine.ready
        assert engine.description == "scripted"
    assert not engine.ready


async def test_a_missing_model_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Recogniser(RecogniserSettings(model="no such model"))
    with pytest.raises((ModelUnavailable, EngineFailed), match="no such model"):
        await made.start()


async def test_what_a_meeting_speaks_is_known_to_its_newcomers_and_to_nobody_else() -> None:
    recogniser = Recogniser(RecogniserSettings("scripted"))
    streams = [("ada", "one", "de"), ("bob", "one", ""), ("eve", "two", ""), ("check", "", "")]
    ada, bob, eve, check = (
        recogniser.open(StreamInfo(name, meeting, name, language=language)).processor
        for name, meeting, language in streams
    )

    def job_of(processor: SpeakerProcessor) -> Job:
        for index in range(10):
            processor.push(counter_frame(1), index * 1_600)
        processor.flush()
        job = processor.next_job(0)
        assert job is not None
        return job

    ada.apply(job_of(ada), Hypothesis((SpokenWord("ja", 0, 1_600, 1.0),), "de"))
    leanings = [job_of(processor).window.leaning for processor in (bob, eve, check)]
    assert [list(leaning) for leaning in leanings] == [["de"], [], []]
