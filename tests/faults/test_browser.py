"""Rows 3, 4 and 13 with a real browser: its audio thread, its disk, its page and what that shows."""

import asyncio
import re
import time

import pytest

from tests.faults.figures import Figure, Figures, Tally, row, tally, took
from tests.faults.site import Gathering, until
from tests.faults.tab import Tab, open_tab

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(300)]


async def settled(gathering: Gathering, tab: Tab) -> Tally:
    """Mute, wait until all that the tab captured is shown to the others, and count it."""
    await tab.page.get_by_role("button", name="Mute", exact=True).click()
    await asyncio.sleep(0.3)
    await tab.look()
    await until(lambda: gathering.room.words(tab.stream_id)[-1:] == tab.said[-1:], 60)
    await gathering.finish()
    return tally(gathering.room, [tab])


async def notice_within(tab: Tab, wanted: str, seconds: float) -> float:
    """How long it took until the page said so."""
    started = time.monotonic()
    while not re.search(wanted, await tab.notice()):
        assert time.monotonic() - started < seconds, f"the page says {await tab.notice()!r}"
        await asyncio.sleep(0.05)
    return time.monotonic() - started


@row(3, "Chromium offline for 90 s")
async def test_ninety_seconds_offline_are_kept_by_the_browser(gathering: Gathering, figures: Figures) -> None:
    front = gathering.site.front
    async with open_tab(gathering.tickets[1]) as tab:
        await tab.speak()
        await until(lambda: gathering.room.finals)
        front.weather.refuse = True
        front.cut()
        await notice_within(tab, "Reconnecting", 2)
        await asyncio.sleep(90)
        shown = await tab.notice()
        front.heal()
        recovered = await notice_within(tab, "^$", 30)
        count = await settled(gathering, tab)
    figures.add(count, took(recovered), shown=shown)
    assert re.search(r"kept here: 1 min (2\d|3\d) s waiting to be sent", shown)
    assert [final for final in gathering.room.finals if final["kind"] == "gap"] == []


@row(3, "Chromium offline, reloaded meanwhile")
async def test_what_was_said_offline_survives_a_reload_of_the_page(gathering: Gathering, figures: Figures) -> None:
    """The server is away, so the reload shows the browser's error page; the room comes back when the server does."""
    front = gathering.site.front
    async with open_tab(gathering.tickets[1]) as tab:
        await tab.speak()
        await until(lambda: gathering.room.finals)
        front.weather.refuse = True
        front.cut()
        await asyncio.sleep(20)
        await tab.try_to_reload()
        await asyncio.sleep(3)
        front.heal()
        healed = time.monotonic()
        await tab.try_to_reload()
        await tab.page.get_by_role("button", name="Mute", exact=True).wait_for()
        await notice_within(tab, "^$", 30)
        recovered = time.monotonic() - healed
        await asyncio.sleep(4)
        count = await settled(gathering, tab)
    figures.add(count, took(recovered), shown="Reconnecting…", may_lose=1)
    assert len(tab.said) > 100


@row(4, "Chromium reloaded while speaking")
async def test_a_reload_while_speaking_goes_on_with_the_same_stream(gathering: Gathering, figures: Figures) -> None:
    async with open_tab(gathering.tickets[1]) as tab:
        await tab.speak()
        await until(lambda: gathering.room.finals)
        await tab.try_to_reload()
        await tab.page.get_by_role("button", name="Mute", exact=True).wait_for()
        await asyncio.sleep(4)
        count = await settled(gathering, tab)
    streams = [
        one for one in gathering.site.backstage.ask("streams", code=tab.ticket.code) if one["id"] == tab.stream_id
    ]
    figures.add(count, shown="nothing", may_lose=1)
    assert len(streams) == 1


@row(13, "web SIGSTOP 20 s, listening in Chromium")
async def test_a_page_says_soon_that_the_server_does_not_answer(gathering: Gathering, figures: Figures) -> None:
    speaking = asyncio.create_task(gathering.speak(25.0))
    async with open_tab(gathering.tickets[1]) as tab:
        await notice_within(tab, "^$", 10)
        gathering.site.suspend("web")
        shown_after = await notice_within(tab, "not up to date", 10)
        await asyncio.sleep(20 - shown_after)
        gathering.site.resume("web")
        recovered = await notice_within(tab, "^$", 20)
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered), Figure("shown after", shown_after, 10.0, "s"),
                shown="captions are not up to date")  # fmt: skip
