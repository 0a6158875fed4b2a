"""Rows 36 and 37 on every page there is: what others may not see, and what hostile text does."""

import json

import httpx
import pytest
from playwright.async_api import Dialog, async_playwright

from tests.e2e.browsers import QUIET, chromium_path
from tests.faults.figures import Figures, Tally
from tests.faults.site import Gathering, Site, until
from tests.faults.sockets import Ticket

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(180)]
CLEAN = Tally(0, 0, 0)
SECRET = "the budget is nine million"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> --> =HYPERLINK(1) \u202edesrever\u202c {{ 7 }} \x07end"


async def spoken(gathering: Gathering, text: str) -> None:
    """One final with this text."""
    await gathering.speak(2.5)
    await gathering.microphone.stop()
    await until(lambda: gathering.room.finals)
    segment = gathering.room.finals[0]["segment_id"]
    gathering.site.backstage.ask("correct", segment=segment, text=text)


async def answers(site: Site, session: str, paths: list[str]) -> dict[str, httpx.Response]:
    cookies = {"sessionid": session} if session else {}
    async with httpx.AsyncClient(base_url=site.base_url, cookies=cookies, timeout=20) as pages:
        return {path: await pages.get(path) for path in paths}


async def test_no_route_shows_a_meeting_to_somebody_else(gathering: Gathering, figures: Figures) -> None:
    """Every route of the URLconf that names the meeting, or whatever belongs to it, read by strangers and by nobody."""
    site, code = gathering.site, gathering.tickets[0].code
    await spoken(gathering, SECRET)
    paths: list[str] = site.backstage.ask("addresses", code=code)
    own = await answers(site, gathering.tickets[0].session, paths)
    assert any(SECRET in answer.text for answer in own.values())
    stranger = site.meeting(1)[0].session

    def reveals(text: str) -> bool:
        return SECRET in text or gathering.tickets[0].participant in text

    leaks = [
        (path, answer.status_code)
        for session in (stranger, site.backstage.ask("account"), "")
        for path, answer in (await answers(site, session, paths)).items()
        if reveals(answer.text.replace(path, "")) or answer.status_code >= 500
    ]
    figures.add(37, f"another's meeting by {len(paths)} addresses", CLEAN, None, f"leaks {len(leaks)}", "404")
    assert len(paths) > 10
    assert leaks == []


async def test_hostile_text_stays_text_on_every_page_and_in_every_file(gathering: Gathering, figures: Figures) -> None:
    site, ticket = gathering.site, gathering.tickets[0]
    site.backstage.ask("rename", code=ticket.code, name=HOSTILE[:80])
    site.backstage.ask("rename_host", code=ticket.code, name=HOSTILE[:80])
    await spoken(gathering, HOSTILE)
    paths: list[str] = site.backstage.ask("addresses", code=ticket.code)
    read = {path: answer for path, answer in (await answers(site, ticket.session, paths)).items() if answer.is_success}
    pages = [answer for answer in read.values() if answer.headers["content-type"].startswith("text/html")]
    assert pages
    for answer in pages:
        assert "<img src=x" not in answer.text
        assert "<script>alert" not in answer.text
    for path, answer in read.items():
        if path.endswith(".json"):
            json.loads(answer.content)
    dialogs = await dialogs_at(site, ticket, [path for path, answer in read.items() if answer in pages])
    figures.add(36, f"hostile text on {len(pages)} pages, in {len(read) - len(pages)} files", CLEAN, None,
                f"dialogs {len(dialogs)}", "literal")  # fmt: skip
    assert dialogs == []


async def dialogs_at(site: Site, ticket: Ticket, paths: list[str]) -> list[str]:
    """What pops up where a real browser opens the pages."""
    said: list[str] = []

    async def note(dialog: Dialog) -> None:
        said.append(dialog.message)
        await dialog.dismiss()

    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium_path(), args=[*QUIET])
        context = await launched.new_context()
        await context.add_cookies([{"name": "sessionid", "value": ticket.session, "url": site.base_url}])
        page = await context.new_page()
        page.on("dialog", note)
        for path in paths:
            await page.goto(site.base_url + path)
            await page.wait_for_timeout(500)
        await launched.close()
    return said
