"""What people said in a meeting is reviewed in the browser by two people, approved, and opened by other software."""

import io
import json
from collections.abc import Iterator

import docx2txt
import jsonschema
import pytest
import srt
import webvtt
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from meetings.exports import SCHEMA
from tests.e2e.browsers import browser, screenshot
from tests.e2e.test_correcting import line_of, open_page
from tests.meetings.test_documents import needs_poppler, pdf_text
from tests.people import Person
from tests.speech import Voice, three_voices
from tests.stack import NewStack, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
STORE = """
from meetings.models import Meeting, Participant
from tests.meetings.cast import START, say
meeting = Meeting.objects.get(code={code!r})
for name, lines in {voices!r}:
    person, _ = Participant.objects.get_or_create(
        meeting=meeting, display_name=name, defaults=dict(role="guest", joined_at=START)
    )
    for start_ms, length_ms, text in lines:
        person.meeting.refresh_from_db()
        say(person, start_ms, text, length_ms)
"""


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_web()
    return stack


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def store(site: Stack, code: str, voices: list[Voice]) -> None:
    """What was said, as it was really said and when, in the meeting's own log."""
    told = [
        (voice.name, [(int(u.start * 1_000), int((u.end - u.start) * 1_000), u.text) for u in voice.utterances])
        for voice in voices
    ]
    site.manage("shell", "-v", "0", "-c", STORE.format(code=code, voices=told))


def shown(page: Page) -> list[str]:
    return page.locator(".review-line:visible .segment-text").all_inner_texts()


def change_as_a_reviewer(page: Page) -> tuple[int, str]:
    """Edits, splits, merges, reassigns, hides and undoes; returns which line was changed, and to what."""
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
    other = page.get_by_role("dialog").get_by_label("Speaker")
    other.select_option(index=1)
    name = other.locator("option:checked").inner_text()
    page.get_by_role("button", name="Change").click()
    expect(line_of(page, sequence).locator(".segment-name")).to_have_text(name)
    page.keyboard.press("x")
    expect(line_of(page, sequence)).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(line_of(page, sequence)).to_be_visible()
    assert len(shown(page)) == len(before)
    return sequence, "Zebras were discussed at length"


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


@needs_poppler
def test_a_meeting_is_reviewed_by_two_approved_and_opened_elsewhere(site: Stack, playwright: Playwright) -> None:
    host = Person(site.base_url)
    host.sign_up("Ada")
    code = host.start_meeting("Field trip", agenda="Animals")
    voices = three_voices()
    store(site, code, voices)
    host.end(code)
    with browser(playwright) as launched:
        first, second = (open_page(launched, host, f"/m/{code}/review/") for _ in range(2))
        expect(first.locator(".review-line").first).to_be_visible()
        assert len(shown(first)) == sum(len(voice.utterances) for voice in voices)
        sequence, _ = change_as_a_reviewer(first)
        conflict(first, second, sequence)
        replace_everywhere(second, "Giraffes", "Elephants")
        approve(first, second)
    files_say(host, code, "Elephants were discussed.", [voice.name for voice in voices if voice.utterances])


def approve(first: Page, second: Page) -> None:
    first.get_by_role("button", name="Begin review").click()
    first.get_by_role("button", name="Approve").click()
    expect(second.get_by_role("button", name="Reopen")).to_be_visible()
    expect(second.get_by_role("button", name="Find and replace")).to_be_hidden()


def files_say(host: Person, code: str, said: str, names: list[str]) -> None:
    """Each file, opened by software that did not make it, holds the corrected line and the people."""

    def file(extension: str) -> bytes:
        answer = host.pages.get(f"/m/{code}/minutes.{extension}")
        assert answer.status_code == 200
        assert f"field-trip_minutes.{extension}" in answer.headers["content-disposition"]
        return answer.content

    word = docx2txt.process(io.BytesIO(file("docx")))
    for text in (word, " ".join(pdf_text(file("pdf")).split())):
        assert said in text
        assert all(name in text for name in names)
    subtitles = " ".join(cue.content for cue in srt.parse(file("srt").decode()))
    captions = " ".join(cue.text for cue in webvtt.from_buffer(io.StringIO(file("vtt").decode())).captions)
    for text in (subtitles, captions):  # a long time is shared by several cues
        assert set(said.split()) <= set(text.split())
    document = json.loads(file("json"))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert said in [line["text"] for line in document["lines"]]
    assert "Zebras" not in json.dumps(document)
