"""What people say in a meeting is recognised, reviewed by two, approved, minuted, and opened by other software."""

import asyncio
import csv
import io
import json
import time
from contextlib import AsyncExitStack
from typing import Any

import docx2txt
import jsonschema
import pytest
import srt
import webvtt
from playwright.sync_api import Browser, Page, expect, sync_playwright

from meetings.exports import FORMATS, SCHEMA
from tests.e2e.browsers import browser, screenshot
from tests.e2e.test_correcting import line_of, open_page
from tests.e2e.test_writing_minutes import type_into
from tests.meetings.test_documents import needs_poppler, pdf_text
from tests.people import FRAME_SAMPLES, Person, Socket
from tests.speech import SAMPLE_RATE, Voice, three_voices, word_count, word_error_rate
from tests.stack import NewStack, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
SECONDS = 45
PING_EVERY = 50  # frames
SETTLE_SECONDS = 120
MAX_WORD_ERROR_RATE = 0.2
DECISION, TASK = "Elephants are seen first.", "Buy the tickets"


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_web()
    stack.start_transcriber()
    stack.start_worker()
    stack.wait_ready()
    return stack


async def talk(site: Stack, code: str, voices: list[Voice]) -> None:
    """Everybody speaks into a microphone of their own, when and as it was said."""
    async with AsyncExitStack() as seats:
        sockets = []
        for voice in voices:
            guest = Person(site.base_url)
            guest.join(code, voice.name)
            sockets.append(await seats.enter_async_context(guest.audio(code)))
        await asyncio.gather(*map(speak, sockets, voices))


async def speak(audio: Socket, voice: Voice) -> None:
    """As a page does: ten frames a second, and a ping now and then."""
    pcm = (voice.samples.clip(-1, 1) * 32_767).astype("<i2")
    await audio.say(type="audio.start")
    await audio.expect("audio.ready")
    summary = asyncio.create_task(audio.expect("audio.summary", 2 * SECONDS))  # which reads all answers before it
    began = time.monotonic()
    for number, first in enumerate(range(0, len(pcm), FRAME_SAMPLES)):
        await asyncio.sleep(began + first / SAMPLE_RATE - time.monotonic())
        await audio.send_frame(first, pcm[first : first + FRAME_SAMPLES].tobytes())
        if number % PING_EVERY == 0:
            await audio.say(type="ping", echo=number // PING_EVERY)
    await audio.say(type="audio.stop")
    assert (await summary)["next_sample"] == len(pcm)


def beginning(voice: Voice) -> Voice:
    """What is said in the first seconds, up to the end of a sentence."""
    said = tuple(utterance for utterance in voice.utterances if utterance.end < SECONDS)
    end = max(utterance.end for utterance in said) + 0.3
    return Voice(voice.name, voice.samples[: int(end * SAMPLE_RATE)], said)


def shown(page: Page) -> list[str]:
    return page.locator(".review-line:visible .segment-text").all_inner_texts()


def change_as_a_reviewer(page: Page) -> int:
    """Edits, splits, merges, reassigns, hides and undoes; returns which line was changed."""
    page.keyboard.press("j")
    sequence = int(page.locator(".review-line.is-current").get_attribute("data-sequence") or 0)
    before = shown(page)
    page.keyboard.press("e")
    page.get_by_label("What was said").fill("Zebras were discussed at length")
    page.keyboard.press("Enter")
    expect(line_of(page, sequence).locator(".segment-text")).to_have_text("Zebras were discussed at length")
    page.keyboard.press("e")
    page.get_by_label("What was said").evaluate("box => box.setSelectionRange(6, 6)")
    page.keyboard.press("Control+Enter")
    expect(line_of(page, sequence).locator(".segment-text")).to_have_text("Zebras")
    page.keyboard.press("m")
    expect(line_of(page, sequence).locator(".segment-text")).to_have_text("Zebras were discussed at length")
    page.keyboard.press("s")
    speaker = line_of(page, sequence).locator(".segment-name").inner_text()
    options = page.get_by_role("dialog").get_by_label("Speaker").locator("option").all_inner_texts()
    name = next(option for option in options if option not in {speaker, "Ada"})
    page.get_by_role("dialog").get_by_label("Speaker").select_option(name)
    page.get_by_role("button", name="Change").click()
    expect(line_of(page, sequence).locator(".segment-name")).to_have_text(name)
    page.keyboard.press("x")
    expect(line_of(page, sequence)).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(line_of(page, sequence)).to_be_visible()
    assert len(shown(page)) == len(before)
    return sequence


def find(page: Page, words: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(words)
    expect(page.locator(".review-line.is-found")).to_contain_text(words, ignore_case=True)
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 1 lines")
    page.keyboard.press("Escape")
    expect(page.locator(".review-line.is-current")).to_contain_text(words, ignore_case=True)


def replace_everywhere(page: Page, find: str, replacement: str) -> None:
    page.get_by_role("button", name="Find and replace").click()
    page.get_by_label("Find", exact=True).fill(find)
    page.get_by_label("Replace with").fill(replacement)
    expect(page.get_by_role("dialog")).to_contain_text(replacement)
    screenshot(page, "review-replace")
    page.get_by_role("button", name="Replace in these lines").click()
    expect(page.locator(".review-lines")).to_contain_text(replacement)


def conflict(first: Page, second: Page, sequence: int) -> None:
    """Who comes second sees what the line says now, and overwrites nothing unasked."""
    second.reload()  # sees all that the first one did
    line_of(first, sequence).dblclick()
    first.get_by_label("What was said").fill("Mine.")
    line_of(second, sequence).dblclick()
    second.get_by_label("What was said").fill("Giraffes were discussed.")
    second.keyboard.press("Enter")
    expect(line_of(first, sequence).get_by_role("alert")).to_contain_text("Giraffes were discussed.")
    first.keyboard.press("Escape")
    expect(line_of(first, sequence).locator(".segment-text")).to_have_text("Giraffes were discussed.")


def approve(first: Page, second: Page) -> None:
    first.get_by_role("button", name="Begin review").click()
    first.get_by_role("button", name="Approve").click()
    expect(second.get_by_role("button", name="Reopen")).to_be_visible()
    expect(second.get_by_role("button", name="Find and replace")).to_be_hidden()


def write_minutes(page: Page) -> None:
    type_into(page, "Decision", DECISION)
    type_into(page, "Task", TASK)
    type_into(page, "Summary", "A trip to the zoo.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Minutes, approved by Ada")).to_be_visible()


def review(launched: Browser, host: Person, code: str) -> list[str]:
    """Two people in two browsers; returns what the approved transcript says."""
    first, second = (open_page(launched, host, f"/m/{code}/review/") for _ in range(2))
    expect(first.locator(".review-line").first).to_be_visible()
    sequence = change_as_a_reviewer(first)
    conflict(first, second, sequence)
    find(second, "giraffes")
    replace_everywhere(second, "Giraffes", "Elephants")
    approve(first, second)
    return shown(second)


@needs_poppler
def test_a_meeting_is_spoken_reviewed_by_two_approved_and_opened_elsewhere(site: Stack) -> None:
    host = Person(site.base_url)
    host.sign_up("Ada")
    code = host.start_meeting("Field trip", agenda="Animals", language="en")
    voices = [beginning(voice) for voice in three_voices()]
    asyncio.run(talk(site, code, voices))
    host.end(code)
    with sync_playwright() as playwright, browser(playwright) as launched:
        page = open_page(launched, host, f"/m/{code}/transcript/")
        expect(page.get_by_text("still being written down")).to_be_hidden(timeout=SETTLE_SECONDS * 1_000)
        recognised = heard(host, code, voices)
        lines = review(launched, host, code)
        write_minutes(open_page(launched, host, f"/m/{code}/minutes/"))
    original = json.loads(file(host, code, "json", "?text=original"))
    assert [line["text"] for line in spoken_lines(original)] == recognised
    files = {extension: file(host, code, extension) for extension in FORMATS}
    documents_say(files, lines, [voice.name for voice in voices])
    subtitles_say(files, lines)
    data_says(files, lines)


def file(host: Person, code: str, extension: str, query: str = "") -> bytes:
    answer = host.pages.get(f"/m/{code}/minutes.{extension}{query}")
    assert answer.status_code == 200
    assert f"field-trip_minutes.{extension}" in answer.headers["content-disposition"]
    return answer.content


def heard(host: Person, code: str, voices: list[Voice]) -> list[str]:
    """The lines that the recogniser wrote down, which are what was said."""
    lines = spoken_lines(json.loads(file(host, code, "json")))
    texts = {voice.name: " ".join(line["text"] for line in lines if line["speaker"] == voice.name) for voice in voices}
    errors = sum(word_error_rate(voice.text, texts[voice.name]) * word_count(voice.text) for voice in voices)
    rate = errors / sum(word_count(voice.text) for voice in voices)
    assert rate <= MAX_WORD_ERROR_RATE, f"{rate:.1%} of the words are wrong: {texts}"
    return [line["text"] for line in lines]


def spoken_lines(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in document["lines"] if line["kind"] == "speech"]


def documents_say(files: dict[str, bytes], lines: list[str], names: list[str]) -> None:
    word, printed = docx2txt.process(io.BytesIO(files["docx"])), pdf_text(files["pdf"])
    for text in (word, printed, files["md"].decode(), files["txt"].decode()):
        flat = "".join(text.replace("\\", "").split())  # a page breaks lines
        for said in [*lines, *names, DECISION, TASK, "Animals", "A trip to the zoo."]:
            assert "".join(said.split()) in flat


def subtitles_say(files: dict[str, bytes], lines: list[str]) -> None:
    subtitles = " ".join(cue.content for cue in srt.parse(files["srt"].decode()))
    captions = " ".join(cue.text for cue in webvtt.from_buffer(io.StringIO(files["vtt"].decode())).captions)
    for text in (subtitles, captions):
        assert {word for line in lines for word in line.split()} <= set(text.split())


def data_says(files: dict[str, bytes], lines: list[str]) -> None:
    document = json.loads(files["json"])
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert [line["text"] for line in spoken_lines(document)] == lines
    assert [decision["text"] for decision in document["decisions"]] == [DECISION]
    assert [action["text"] for action in document["actions"]] == [TASK]
    assert document["transcript_approved"]
    rows = csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig")))
    assert [row["text"] for row in rows if row["kind"] == "speech"] == lines
