"""Rows 11–21: what happens when a process of the product dies, stands still or is told to go."""

import asyncio
import signal
import time

import pytest

from tests.faults.figures import Figures
from tests.faults.site import LEASE_S, TRANSCRIBER, Gathering, aside, until

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(240)]


async def first_final_after(gathering: Gathering, index: int, seconds: float = 40.0) -> float:
    """How long until a frame recorded from `index` on is shown as a final."""
    microphone = gathering.microphone
    return await until(lambda: any(word > index for word in gathering.room.words(microphone.stream_id)), seconds)


async def test_pages_come_back_when_web_was_killed(gathering: Gathering, figures: Figures) -> None:
    site, microphone = gathering.site, gathering.microphone
    speaking = asyncio.create_task(gathering.speak(14.0))
    await asyncio.sleep(2.5)
    killed = time.monotonic()
    site.stack.kill("web")
    await aside(site.stack.start_web)
    back = time.monotonic()
    await until(lambda: microphone.is_open and microphone.kept_s < 0.5 and gathering.room.is_open, 15)
    recovered = time.monotonic() - back
    await speaking
    count = await gathering.finish()
    figures.add(11, "web kill -9", count, recovered, "≤ 5 s after it is back", gathering.room.shown_since(killed))
    assert count.clean
    assert recovered < 5.0


@pytest.mark.quick
async def test_another_transcriber_takes_over_from_a_killed_one(gathering: Gathering, figures: Figures) -> None:
    site = gathering.site
    speaking = asyncio.create_task(gathering.speak(14.0))
    await until(lambda: gathering.room.finals)
    await aside(site.stack.start_transcriber, "second")
    await asyncio.sleep(3.0)  # it is up, and has nothing to do
    killed, index = time.monotonic(), gathering.microphone.index
    site.stack.kill(TRANSCRIBER)
    recovered = await first_final_after(gathering, index)
    await speaking
    count = await gathering.finish()
    figures.add(
        14, "transcriber kill -9, another runs", count, recovered, f"≤ {LEASE_S + 5} s",
        gathering.room.shown_since(killed),
    )  # fmt: skip
    assert count.clean
    assert recovered < LEASE_S + 5


async def test_a_transcriber_that_slept_longer_than_its_lease_stores_nothing(
    gathering: Gathering, figures: Figures
) -> None:
    site = gathering.site
    speaking = asyncio.create_task(gathering.speak(20.0))
    await until(lambda: gathering.room.finals)
    await aside(site.stack.start_transcriber, "second")
    await asyncio.sleep(3.0)
    moment, index = time.monotonic(), gathering.microphone.index
    site.suspend(TRANSCRIBER)
    recovered = await first_final_after(gathering, index)
    site.resume(TRANSCRIBER)
    await speaking
    count = await gathering.finish()
    figures.add(15, "transcriber SIGSTOP beyond its lease, CONT", count, recovered, "doubled 0",
                gathering.room.shown_since(moment))  # fmt: skip
    assert count.clean
    assert site.backstage.ask("streams", code=gathering.tickets[0].code)[0]["fence"] >= 2


@pytest.mark.quick
async def test_a_deploy_sends_pages_to_the_next_web_process(gathering: Gathering, figures: Figures) -> None:
    site, microphone = gathering.site, gathering.microphone
    speaking = asyncio.create_task(gathering.speak(10.0))
    await asyncio.sleep(2.0)
    replacing = asyncio.create_task(aside(site.replace_web))
    told = time.monotonic() + await until(lambda: microphone.closes, 20)
    recovered = await until(lambda: microphone.connections == 2 and microphone.kept_s < 0.5)
    await replacing
    await speaking
    count = await gathering.finish()
    figures.add(12, "web SIGTERM (deploy)", count, recovered, "≤ 2 s", microphone.shown_since(told - 0.5))
    assert count.clean
    assert microphone.closes == gathering.room.closes == [1012]
    assert microphone.errors == gathering.room.errors == ["restarting"]
    assert recovered < 2.0
