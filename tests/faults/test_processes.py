"""Rows 11–21: what happens when a process of the product dies, stands still or is told to go."""

import asyncio
import os
import time

import pytest

from tests.faults.figures import Figures, soon
from tests.faults.pages import talking
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
    assert soon(recovered, 5.0)


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
    assert soon(recovered, LEASE_S + 5)


async def test_a_transcriber_that_slept_longer_than_its_lease_stores_nothing(
    gathering: Gathering, figures: Figures
) -> None:
    site = gathering.site
    speaking = asyncio.create_task(gathering.speak(15.0))
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


async def test_a_deploy_sends_pages_to_the_next_web_process(gathering: Gathering, figures: Figures) -> None:
    site, microphone = gathering.site, gathering.microphone
    speaking = asyncio.create_task(gathering.speak(10.0))
    await asyncio.sleep(2.0)
    replacing = asyncio.create_task(aside(site.replace_web))
    told = time.monotonic() + await until(lambda: microphone.closes, 20)
    recovered = await until(lambda: microphone.connections >= 2 and microphone.kept_s < 0.5)
    await replacing
    await speaking
    count = await gathering.finish()
    figures.add(12, "web SIGTERM (deploy)", count, recovered, "≤ 2 s", microphone.shown_since(told - 0.5))
    assert count.clean
    assert {*microphone.closes, *gathering.room.closes} == {1012}  # twice where the way to the next was not open yet
    assert {*microphone.errors, *gathering.room.errors} == {"restarting"}
    assert soon(recovered, 2.0)


async def test_a_web_process_that_stands_still_catches_up(gathering: Gathering, figures: Figures) -> None:
    site, microphone = gathering.site, gathering.microphone
    speaking = asyncio.create_task(gathering.speak(27.0))
    await asyncio.sleep(2.5)
    moment = time.monotonic()
    site.suspend("web")
    await asyncio.sleep(20.0)
    site.resume("web")
    recovered = await until(lambda: microphone.is_open and microphone.kept_s < 0.5 and gathering.room.is_open, 20)
    shown = microphone.shown_since(moment)
    await speaking
    count = await gathering.finish()
    figures.add(13, "web SIGSTOP 20 s", count, recovered, "catches up", shown)
    assert count.clean
    assert "reconnecting" in shown


async def test_what_was_stored_but_not_acknowledged_is_not_stored_again(gathering: Gathering, figures: Figures) -> None:
    """Valkey forbids the trimming, so that the next owner reads all audio again."""
    site, valkey = gathering.site, gathering.site.valkey.client()
    speaking = asyncio.create_task(gathering.speak(14.0))
    await until(lambda: gathering.room.finals)
    valkey.acl_setuser("default", enabled=True, commands=["-xtrim"])
    await until(lambda: len(gathering.room.finals) >= 3)
    index = gathering.microphone.index
    site.stack.kill(TRANSCRIBER)
    valkey.acl_setuser("default", enabled=True, commands=["+xtrim"])
    await aside(site.stack.start_transcriber, TRANSCRIBER)
    recovered = await first_final_after(gathering, index)
    await speaking
    count = await gathering.finish()
    figures.add(16, "transcriber dies after storing, before acknowledging", count, recovered, "doubled 0", "nothing")
    assert count.clean


@pytest.mark.parametrize("how", ["hang", "crash"])
async def test_a_decode_that_never_ends_costs_one_window(gathering: Gathering, figures: Figures, how: str) -> None:
    site = gathering.site
    await aside(lambda: site.start_scripted(TRANSCRIBER, **{how: 30}))
    others = gathering.unmute(gathering.tickets[1], script=lambda index: talking(index) and talking(index) + 10_000)
    moment = time.monotonic()
    speaking = asyncio.create_task(gathering.speak(14.0))
    unclear = "[unclear]"
    await until(lambda: any(final["text"] == unclear for final in gathering.room.finals), 90)
    took = time.monotonic() - moment
    await speaking
    victim = gathering.microphone
    victim.said = [word for word in victim.said if not 21 <= word <= 32]  # the window with frame 30
    count = await gathering.finish(120)
    windows = sum(final["text"] == unclear for final in gathering.room.finals)
    figures.add(17, f"a decode that {how}es" if how == "crash" else "a decode that hangs", count, took,
                f"blast ≤ 1 window (was {windows})", unclear)  # fmt: skip
    assert count.clean
    assert windows == 1
    assert gathering.room.words(others.stream_id)


async def test_a_gpu_without_memory_gives_way_to_the_cpu(gathering: Gathering, figures: Figures) -> None:
    """A scripted GPU on which not even one window fits, with int8 neither."""
    room = gathering.room
    await aside(lambda: gathering.site.start_scripted(memory=0.3))
    moment = time.monotonic()
    speaking = asyncio.create_task(gathering.speak(10.0))
    await until(lambda: room.finals, 60)
    took = time.monotonic() - moment
    await speaking
    count = await gathering.finish()
    await until(lambda: room.status["transcriber"] == "reduced", 15)
    figures.add(18, "GPU out of memory (scripted)", count, took, "falls back to CPU, says so", room.shown_since(moment))
    assert count.clean


async def test_a_recogniser_slower_than_speech_loses_nothing(gathering: Gathering, figures: Figures) -> None:
    site = gathering.site
    await aside(lambda: site.start_scripted(speed=0.3))
    seconds = float(os.environ.get("FAULTS_SLOW_SECONDS", "12"))
    await gathering.speak(seconds)
    drained = time.monotonic()
    worst = 0

    async def watch() -> None:
        nonlocal worst
        while True:
            worst = max(worst, gathering.room.status.get("lag_ms", 0))
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    count = await gathering.finish(20 + 5 * seconds)
    watching.cancel()
    figures.add(19, f"recognition at 0.3x for {seconds:.0f} s", count, time.monotonic() - drained,
                "backlog drains", f"lag up to {worst / 1000:.0f} s")  # fmt: skip
    assert count.clean
    assert worst > 1_000


async def test_an_ended_meeting_is_complete_when_its_backlog_is_stored(gathering: Gathering, figures: Figures) -> None:
    site, microphone, room = gathering.site, gathering.microphone, gathering.room
    await aside(lambda: site.start_scripted(speed=0.7))
    await gathering.speak(10.0)
    ended = time.monotonic()
    await aside(lambda: site.backstage.ask("end_meeting", code=gathering.tickets[0].code))
    await until(lambda: room.ended is False and microphone.refused, 10)
    await until(lambda: room.ended, 90)
    took = time.monotonic() - ended
    microphone.said = [word for word in microphone.said if word * 1_600 <= microphone.acknowledged]
    await asyncio.sleep(0.5)
    count = gathering.count()
    figures.add(21, "meeting ended with a backlog", count, took, f"{microphone.kept_s:.1f} s came too late",
                room.shown_since(ended))  # fmt: skip
    assert count.clean
    assert site.backstage.ask("meeting_status", code=gathering.tickets[0].code) == "ended"


async def test_a_killed_worker_leaves_its_work_to_the_next(gathering: Gathering, figures: Figures) -> None:
    """The only transcriber dies with the meeting, so completing it is the worker's job, done once."""
    site, room, microphone = gathering.site, gathering.room, gathering.microphone
    await gathering.speak(4.0)
    await microphone.stop()
    await until(lambda: set(microphone.said) <= set(room.words(microphone.stream_id)))
    await asyncio.sleep(1.0)
    site.stack.kill(TRANSCRIBER)
    await aside(lambda: site.backstage.ask("end_meeting", code=gathering.tickets[0].code))
    await aside(site.stack.start_worker)
    await asyncio.sleep(2.0)
    site.stack.kill("worker")
    killed = time.monotonic()
    await aside(site.stack.start_worker, "worker2")
    await aside(site.stack.start_transcriber, TRANSCRIBER)
    await until(lambda: room.ended, 90)
    took = time.monotonic() - killed
    count = gathering.count()
    figures.add(20, "Celery worker kill -9", count, took, "≤ 90 s", room.shown_since(killed))
    assert count.clean
