"""Uploads beside live microphones on one engine that takes one window at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from transcription import scheduler
from transcription.captions import Caption, Final, Partial
from transcription.engines.scripted import counter_frame
from transcription.recogniser import Recogniser, RecogniserSettings, Speaker
from transcription.streams import StreamInfo

TURN = 42  # frames of an utterance, before 8 silent ones: its final takes a fifth of a second


@asynccontextmanager
async def one_lane() -> AsyncIterator[Recogniser]:
    made = Recogniser(RecogniserSettings("scripted", "batch=1,speed=20"))
    await made.start()
    try:
        yield made
    finally:
        await made.close()


def push(speaker: Speaker, frames: range, *, pauses: bool = True) -> None:
    for index in frames:
        speaker.push(counter_frame(0 if pauses and index % 50 >= TURN else index + 1), index * 1_600)


def upload(recogniser: Recogniser, turns: int) -> Speaker:
    """All of it is there at once."""
    speaker = recogniser.open(StreamInfo("upload", "recording", "recording", background=True))
    push(speaker, range(50 * turns))
    return speaker


async def first_final(speaker: Speaker) -> None:
    async for caption in speaker.captions():
        if isinstance(caption, Final):
            return


async def heard(speaker: Speaker) -> list[Caption]:
    listening = asyncio.create_task(listen(speaker))
    await speaker.finish()
    return await listening


async def listen(speaker: Speaker) -> list[Caption]:
    return [caption async for caption in speaker.captions()]


def words(captions: list[Caption]) -> list[str]:
    return [word for caption in captions if isinstance(caption, Final) for word in caption.text.split()]


def spoken(turns: int) -> list[str]:
    return [str(index + 1) for index in range(50 * turns) if index % 50 < TURN]


async def test_partials_keep_coming_while_an_upload_always_has_a_final_waiting() -> None:
    async with one_lane() as recogniser:
        behind = asyncio.create_task(heard(upload(recogniser, turns=15)))
        live = recogniser.open(StreamInfo("live", "meeting", "ada"))
        partials = asyncio.create_task(listen(live))
        for index in range(1_000):
            if behind.done():
                break
            push(live, range(index, index + 1), pauses=False)
            await asyncio.sleep(0.02)
        await live.finish()
        assert sum(isinstance(caption, Partial) for caption in await partials) >= 3
        captions = await behind
    assert words(captions) == spoken(turns=15)
    assert not any(isinstance(caption, Partial) for caption in captions)  # nobody reads them


async def test_an_upload_goes_on_while_people_never_stop_talking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "PATIENCE_SECONDS", 0.3)
    async with one_lane() as recogniser:
        live = recogniser.open(StreamInfo("live", "meeting", "ada"))
        push(live, range(50 * 12))
        talking = asyncio.create_task(heard(live))
        await first_final(upload(recogniser, turns=2))
        assert not talking.done()
        assert words(await talking) == spoken(turns=12)


async def test_the_backlog_of_an_upload_makes_no_room_late() -> None:
    async with one_lane() as recogniser:
        behind = upload(recogniser, turns=15)
        assert behind.backlog_seconds > 50
        live = recogniser.open(StreamInfo("live", "meeting", "ada"))
        assert recogniser.lag_ms == 0
        push(live, range(100))
        assert recogniser.lag_ms > 0  # its own, which is late
        assert recogniser.lag_ms < 10_000
