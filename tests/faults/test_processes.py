"""Rows 11–21: what happens when a process of the product dies, stands still or is told to go."""

import asyncio
import os
import time
from itertools import pairwise

import httpx
import pytest

from tests.faults.figures import Figure, Figures, row, took
from tests.faults.pages import Microphone, Room, talking
from tests.faults.site import LEASE_S, TRANSCRIBER, Gathering, aside, until

HANG_S = 10  # a decode that takes longer is killed
SLOW_S = float(os.environ.get("FAULTS_SLOW_SECONDS", "12"))  # 600 for the whole row
pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(240)]


async def first_final_after(gathering: Gathering, index: int, seconds: float = 40.0) -> float:
    """How long until a frame recorded from `index` on is shown as a final."""
    microphone = gathering.microphone
    return await until(lambda: any(word > index for word in gathering.room.words(microphone.stream_id)), seconds)


@row(11, "web kill -9")
async def test_pages_come_back_when_web_was_killed(gathering: Gathering, figures: Figures) -> None:
    site, microphone = gathering.site, gathering.microphone
    speaking = asyncio.create_task(gathering.speak(14.0))
    await asyncio.sleep(2.5)
    killed = time.monotonic()
    site.stack.kill("web")
    await aside(site.stack.start_web)
    started = time.monotonic() - killed
    await until(lambda: microphone.is_open and microphone.kept_s < 0.5 and gathering.room.is_open, 15)
    recovered = time.monotonic() - killed
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered, 5.0), Figure("of which the start", started, unit="s"),
                shown=gathering.room.shown_since(killed))  # fmt: skip


@row(14, "transcriber kill -9, another runs")
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
    figures.add(count, took(recovered, LEASE_S + 5), shown=gathering.room.shown_since(killed))


@row(15, "transcriber SIGSTOP beyond its lease, CONT")
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
    figures.add(count, took(recovered), shown=gathering.room.shown_since(moment))
    assert site.backstage.ask("streams", code=gathering.tickets[0].code)[0]["fence"] >= 2


@row(12, "web SIGTERM (deploy)")
async def test_a_deploy_sends_pages_to_the_next_web_process(gathering: Gathering, figures: Figures) -> None:
    site, microphone = gathering.site, gathering.microphone
    speaking = asyncio.create_task(gathering.speak(10.0))
    await asyncio.sleep(2.0)
    await aside(site.start_next_web)
    told = time.monotonic()
    switching = asyncio.create_task(aside(site.switch_web))
    await until(lambda: microphone.connections >= 2 and microphone.kept_s < 0.5)
    recovered = time.monotonic() - told
    readiness = await switching
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered, 2.0), shown=microphone.shown_since(told))
    assert readiness == httpx.codes.SERVICE_UNAVAILABLE
    assert {*microphone.closes, *gathering.room.closes} == {1012}  # twice where the way to the next was not open yet
    assert {*microphone.errors, *gathering.room.errors} == {"restarting"}


@row(13, "web SIGSTOP 20 s")
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
    figures.add(count, took(recovered), shown=shown)
    assert "reconnecting" in shown


@row(16, "transcriber dies after storing, before acknowledging")
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
    figures.add(count, took(recovered), shown="nothing")


@row(17, "{how} of a decode")
@pytest.mark.parametrize("how", ["hang", "crash"])
async def test_a_decode_that_never_ends_costs_one_window(gathering: Gathering, figures: Figures, how: str) -> None:
    site = gathering.site
    await aside(lambda: site.start_scripted(TRANSCRIBER, **{how: 30}))
    others = gathering.unmute(gathering.tickets[1], script=lambda index: talking(index) and talking(index) + 10_000)
    moment = time.monotonic()
    speaking = asyncio.create_task(gathering.speak(14.0))
    unclear = "[unclear]"
    await until(lambda: any(final["text"] == unclear for final in gathering.room.finals), 90)
    unclear_after = time.monotonic() - moment
    await speaking
    victim = gathering.microphone
    victim.said = [word for word in victim.said if not 21 <= word <= 32]  # the window with frame 30
    count = await gathering.finish(120)
    windows = sum(final["text"] == unclear for final in gathering.room.finals)
    figures.add(count, took(unclear_after), Figure("windows lost", windows, 1, bearable=1),
                Figure("others without a caption", silence(gathering.room, others), 2 * HANG_S, "s"),
                shown=unclear)  # fmt: skip
    assert windows == 1


def silence(room: Room, speaker: Microphone) -> float:
    """The longest time in which nothing of what somebody said was shown, from their first words to their last."""
    moments = [min(speaker.said_at.values()), *room.caption_times[speaker.stream_id]]
    return max(later - earlier for earlier, later in pairwise(moments))


@row(18, "GPU out of memory (scripted)")
async def test_a_gpu_without_memory_gives_way_to_the_cpu(gathering: Gathering, figures: Figures) -> None:
    """A scripted GPU on which not even one window fits, with int8 neither."""
    room = gathering.room
    await aside(lambda: gathering.site.start_scripted(memory=0.3))
    moment = time.monotonic()
    speaking = asyncio.create_task(gathering.speak(10.0))
    fell_back = await until(lambda: room.finals, 60)
    await speaking
    count = await gathering.finish()
    await until(lambda: room.status["transcriber"] == "reduced", 15)
    figures.add(count, took(fell_back), shown=room.shown_since(moment))


@row(19, f"recognition at 0.3x for {SLOW_S:.0f} s")
async def test_a_recogniser_slower_than_speech_loses_nothing(gathering: Gathering, figures: Figures) -> None:
    site, room = gathering.site, gathering.room
    await gathering.speak(8.0)
    usual = room.guesses / 8.0
    await aside(lambda: site.start_scripted(speed=0.3))
    before = room.guesses
    await gathering.speak(SLOW_S)
    slow = (room.guesses - before) / SLOW_S
    ended = time.monotonic()
    count = await gathering.finish(40 + 5 * SLOW_S)
    drained = time.monotonic() - ended
    worst = max(room.lags)
    figures.add(count, took(drained), Figure("partials a second", slow, usual / 2, bearable=usual),
                shown=f"lag up to {worst / 1000:.0f} s")  # fmt: skip
    assert worst > 1_000


@row(21, "meeting ended with a backlog")
async def test_an_ended_meeting_is_complete_when_its_backlog_is_stored(gathering: Gathering, figures: Figures) -> None:
    site, microphone, room = gathering.site, gathering.microphone, gathering.room
    await aside(lambda: site.start_scripted(speed=0.7))
    await gathering.speak(10.0)
    ended = time.monotonic()
    await aside(lambda: site.backstage.ask("end_meeting", code=gathering.tickets[0].code))
    await until(lambda: room.ended is False and microphone.refused, 10)
    await until(lambda: room.ended, 90)
    complete = time.monotonic() - ended
    microphone.said = [word for word in microphone.said if word * 1_600 <= microphone.acknowledged]
    await gathering.agree()
    figures.add(gathering.count(), took(complete), Figure("came too late", microphone.kept_s, unit="s"),
                shown=room.shown_since(ended))  # fmt: skip
    assert site.backstage.ask("meeting_status", code=gathering.tickets[0].code) == "ended"


@row(20, "Celery worker kill -9")
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
    await until(lambda: room.ended, 120)
    ended = time.monotonic() - killed
    await gathering.agree()
    figures.add(gathering.count(), took(ended, 90.0), shown=room.shown_since(killed))
