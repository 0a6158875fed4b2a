"""Rows 36 and 37 on every page there is: what others may not see or change, and what hostile text does."""

import asyncio
import csv
import html
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import docx2txt
import httpx
import pytest
import srt
import webvtt
from markdown_it import MarkdownIt
from playwright.async_api import Dialog, async_playwright

from meetings.exports import FORMATS
from tests.e2e.browsers import QUIET, chromium_path
from tests.faults.figures import Figure, Figures, row
from tests.faults.site import Gathering, Site, aside, until
from tests.faults.sockets import Ticket
from tests.meetings.test_documents import needs_poppler, pdf_text

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(240)]
SECRET = "the-budget-is-nine-million"
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script> --> \u202edesrever\u202c {{ 7 }} \x07end"
FORMULA = "=HYPERLINK(1)"
AT_ONCE = 8  # requests


async def spoken(gathering: Gathering, *texts: str) -> None:
    """So many finals with these texts."""
    await gathering.speak(2.0 * len(texts) + 0.5)
    await gathering.microphone.stop()
    await until(lambda: len(gathering.room.finals) >= len(texts))
    for final, text in zip(gathering.room.finals, texts, strict=False):
        await aside(partial(gathering.site.backstage.ask, "correct", segment=final["segment_id"], text=text))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who asks for pages, with a session, a program's token, or neither."""

    session: str = ""
    token: str = ""

    async def answers(self, site: Site, method: str, paths: Sequence[str]) -> dict[str, httpx.Response]:
        cookies = {"sessionid": self.session} if self.session else {}
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        gate = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(base_url=site.base_url, cookies=cookies, headers=headers, timeout=30) as pages:
            if method != "GET":  # as a form does
                await pages.get("/accounts/login/")
                pages.headers.update({"X-CSRFToken": pages.cookies["csrftoken"], "Referer": site.base_url})

            async def ask(path: str) -> tuple[str, httpx.Response]:
                async with gate:
                    return path, await pages.request(method, path, json=body_for(path) if self.token else None)

            return dict(await asyncio.gather(*map(ask, paths)))


# What the API takes, so that no question is refused for its form alone.
BODIES: dict[str, dict[str, object]] = {
    "/api/v1/meetings/[^/]+": {"title": "x"},
    ".*/marks": {"kind": "note", "text": "x"},
    ".*/marks/[^/]+": {"text": "x", "revision": 0},
    ".*/minutes": {"place": "x", "revision": 0},
    ".*/segments/[^/]+": {"text": "x", "revision": 1},
    ".*/webhooks/[^/]+": {"enabled": True},
}


def body_for(path: str) -> dict[str, object] | None:
    return next((body for pattern, body in BODIES.items() if re.fullmatch(pattern, path)), None)


# What a join code is for: everybody who has one may ask to be let in, try the microphone, and go.
OPEN = re.compile(r"/m/[^/]+/(check/.*|left/|leave/|room/|waiting/)?$")
# Not there, of another method, only with a token, after signing in.
REFUSED = {404, 405, 401, 302}


@row(37, "another's meeting by every address")
async def test_no_route_shows_or_changes_a_meeting_for_somebody_else(gathering: Gathering, figures: Figures) -> None:
    """Every route of the URLconf that names the meeting, or whatever belongs to it, by strangers and by nobody."""
    site, ticket = gathering.site, gathering.tickets[0]
    await gathering.ask("keep_audio")
    kept = gathering.unmute(gathering.tickets[1])
    await gathering.speak(4.0)
    await kept.stop()
    count = await gathering.finish()
    while not await gathering.ask("kept_audio"):
        await asyncio.sleep(0.2)
    lets_in = await gathering.ask("furnish", text=SECRET)
    paths: list[str] = await gathering.ask("addresses")
    own = [
        path
        for visitor in (Visitor(lets_in["session"]), Visitor(token=lets_in["token"]), Visitor(ticket.session))
        for path, answer in (await visitor.answers(site, "GET", paths)).items()
        if answer.is_success and not OPEN.match(path)
    ]
    before = await gathering.ask("holdings")
    eve = await aside(lambda: site.backstage.ask("account"))
    strangers = (Visitor(site.meeting(1)[0].session), Visitor(eve["session"]), Visitor(token=eve["token"]), Visitor())
    leaks: list[tuple[str, str, int]] = []

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for stranger in strangers:
            asked = [path for path in paths if method == "GET" or not OPEN.match(path)]
            for path, answer in (await stranger.answers(site, method, asked)).items():
                shown = answer.text.replace(path, "")
                refused = answer.status_code in REFUSED or OPEN.match(path)
                if SECRET in shown or ticket.participant in shown or not refused:
                    leaks.append((method, path, answer.status_code))
    changed = await gathering.ask("holdings") != before
    await gathering.agree()
    figures.add(count, Figure("leaks", len(leaks), 0), Figure("changes", int(changed), 0),
                Figure("addresses", len(paths)), shown=[str(leak) for leak in leaks] or "404")  # fmt: skip
    assert {kind for kind in KINDS if f'"meetings.{kind}"' in before} == KINDS
    assert len(own) > 30


KINDS = {
    "apitoken", "audiostream", "batch", "delivery", "document", "job", "keptpiece", "mark", "participant",
    "recording", "segment", "segmentrevision", "sharelink", "webhook",
}  # fmt: skip


@needs_poppler
@row(36, "hostile text on every page and in every file")
async def test_hostile_text_stays_text_on_every_page_and_in_every_file(gathering: Gathering, figures: Figures) -> None:
    site, ticket = gathering.site, gathering.tickets[0]
    await gathering.ask("rename", name=MARKUP[:80])
    await gathering.ask("rename_host", name=f"{FORMULA} {MARKUP[:50]}")
    await spoken(gathering, MARKUP, FORMULA)
    paths: list[str] = await gathering.ask("addresses")
    answers = await Visitor(ticket.session).answers(site, "GET", paths)
    read = {path: answer for path, answer in answers.items() if answer.is_success}
    pages = {path: answer.text for path, answer in read.items() if "text/html" in answer.headers["content-type"]}
    assert pages
    for text in pages.values():
        assert "<img src=x" not in text
        assert "<script>alert" not in text
    for extension, open_file in READERS.items():
        said = open_file(read[f"/m/{ticket.code}/minutes.{extension}"].content)
        assert "alert(2)" in said, extension
        assert "HYPERLINK(1)" in said, extension
        assert "\u202e" not in said, extension
    dialogs = await dialogs_at(site, ticket, list(pages))
    await gathering.agree()
    figures.add(None, Figure("dialogs", len(dialogs), 0), Figure("pages", len(pages)),
                Figure("files", len(READERS)), shown="literal")  # fmt: skip


def cells(content: bytes) -> str:
    """Of a CSV file in which no cell begins a formula."""
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [cell for line in table for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert {len(line) for line in table} == {len(table[0])}
    return str(table)


def vtt_cues(content: bytes) -> str:
    shown = webvtt.from_string(content.decode()).captions
    assert content.count(b"-->") == len(shown)  # only between two times
    return html.unescape(" ".join(caption.text for caption in shown))


def srt_cues(content: bytes) -> str:
    shown = list(srt.parse(content.decode(), ignore_errors=False))
    assert content.count(b"-->") == len(shown)
    return " ".join(cue.content for cue in shown)


def markdown(content: bytes) -> str:
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(content.decode())
    assert not re.search(r"<(img|script|a) ", page)
    return html.unescape(page)


READERS: dict[str, Callable[[bytes], str]] = {
    "docx": lambda content: str(docx2txt.process(io.BytesIO(content))),
    "pdf": pdf_text,
    "md": markdown,
    "txt": bytes.decode,
    "srt": srt_cues,
    "vtt": vtt_cues,
    "csv": cells,
    "json": lambda content: str(json.loads(content)),
}
assert READERS.keys() == FORMATS.keys()


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
