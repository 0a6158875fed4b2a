"""Kept audio in a real browser: asked for in the room, kept, and heard word by word on the review page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.e2e.browsers import PHONE, browser, new_page, scratch, screenshot, write_microphone
from tests.people import Person
from tests.speech import SAMPLE_RATE, three_voices
from tests.stack import NewStack, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SECONDS = 24.0
MUMBLED = """
from meetings.models import Segment
first = Segment.objects.filter(kind="speech").order_by("start_ms")[0]
Segment.objects.filter(pk=first.pk).update(text="mumbling", recognised_text="mumbling", words=[])
"""


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_all()
    return stack


@pytest.fixture
def launched(playwright: Playwright) -> Iterator[Browser]:
    voice = three_voices()[0].samples[: int(SECONDS * SAMPLE_RATE)]
    with browser(playwright, write_microphone(scratch(), "ada", voice)) as chromium:
        yield chromium


def signed_in(launched: Browser, person: Person, scheme: str = "light") -> Page:
    page = new_page(launched, scheme=scheme)
    cookies = person.pages.cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": person.base_url} for name, value in cookies])
    return page


def until(page: Page, condition: str) -> None:
    """Ask until it holds; the page's policy forbids Playwright's own waiting."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def time_of(page: Page) -> float:
    return float(page.locator("audio").evaluate("audio => audio.currentTime"))


def heard_word(page: Page) -> str:
    return str(page.evaluate("[...(CSS.highlights.get('spoken') ?? [])].map(String).join(' ')"))


def test_what_is_kept_in_the_room_is_heard_on_the_review_page(site: Stack, launched: Browser) -> None:
    ada, grace = Person(site.base_url), Person(site.base_url)
    ada.sign_up("Ada")
    code = ada.start_meeting("Budget 2027")
    grace.join(code, "Grace")
    room, other = signed_in(launched, ada), signed_in(launched, grace, scheme="dark")
    room.goto(f"{site.base_url}/m/{code}/room/")
    other.goto(f"{site.base_url}/m/{code}/room/")
    _keep_the_audio(room, other)
    room.get_by_role("button", name="Join with microphone").click()
    expect(room.locator(".segment").first).to_be_visible(timeout=60_000)
    room.wait_for_timeout(SECONDS * 1_000)
    ada.end(code)
    expect(room.get_by_text("Read the transcript")).to_be_visible(timeout=60_000)
    site.manage("shell", "-v", "0", "-c", MUMBLED)
    _listen(room, f"{site.base_url}/m/{code}/review/")


def _keep_the_audio(room: Page, other: Page) -> None:
    room.get_by_role("button", name="Host", exact=True).click()
    room.get_by_label("Keep the audio").check()
    screenshot(room, "keeping-host")
    room.keyboard.press("Escape")
    expect(room.get_by_role("button", name="Audio is kept")).to_be_visible()
    panel = other.get_by_role("alert", name="The audio of this meeting is kept")
    expect(panel).to_be_visible()
    screenshot(other, "keeping-asked-dark")
    panel.get_by_role("button", name="Only transcribe me").click()
    expect(other.get_by_role("button", name="Audio is kept, yours is not")).to_be_visible()
    width, height = PHONE.values()
    other.set_viewport_size({"width": width, "height": height})
    other.locator(".keeping-sign").click()
    screenshot(other, "keeping-phone-dark")


def _listen(page: Page, address: str) -> None:
    page.goto(address)
    lines = page.locator(".review-line[data-kind=speech]")
    expect(lines.first).to_be_visible()
    until(page, "document.querySelector('audio').readyState > 0")
    start = int(lines.last.get_attribute("data-start") or 0) / 1_000
    text = lines.last.locator(".segment-text")
    box = text.bounding_box()
    assert box
    page.mouse.click(box["x"] + 4, box["y"] + 10)
    until(page, "!document.querySelector('audio').paused")
    page.wait_for_timeout(600)
    assert start - 0.05 <= time_of(page) <= start + 3.0
    first = (text.text_content() or "").split()
    until(page, "(CSS.highlights.get('spoken')?.size ?? 0) > 0")
    assert heard_word(page) in first
    expect(lines.last).to_have_class(re.compile(r"is-current is-heard"))
    screenshot(page, "review-listening")
    page.keyboard.press(" ")
    assert page.locator("audio").evaluate("audio => audio.paused")
    before = time_of(page)
    page.keyboard.press("b")
    assert time_of(page) == pytest.approx(max(0, before - 3), abs=0.01)
    page.get_by_label("Speed").select_option("2")
    assert page.locator("audio").evaluate("audio => audio.playbackRate") == 2
    expect(page.get_by_label("Whose voice")).to_have_count(0)  # there is one voice to hear
    page.get_by_label("Skip silence").check()
    page.get_by_label("Position").fill("0")
    page.locator(".review-line").first.focus()
    page.locator("audio").evaluate("audio => { audio.currentTime = 0 }")
    page.keyboard.press(" ")
    until(page, "document.querySelector('audio').currentTime > 0.2")
    width, height = PHONE.values()
    page.set_viewport_size({"width": width, "height": height})
    screenshot(page, "review-listening-phone")
    _hear_again(page)


def _hear_again(page: Page) -> None:
    """The second pass: begun on the page, done by a worker, taken and undone."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("audio").evaluate("audio => audio.pause()")
    page.get_by_role("button", name="Second pass").click()
    dialog = page.get_by_role("dialog", name="Second pass")
    dialog.get_by_role("button", name="Listen again").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done", timeout=90_000)
    expect(dialog.locator(".second-pass-list li").first.locator("del")).to_contain_text("mumbling")
    screenshot(page, "second-pass")
    dialog.locator(".second-pass-list li").first.get_by_role("button", name="Take").click()
    expect(dialog.get_by_role("button", name="Undo")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    first = page.locator(".review-line[data-kind=speech] .segment-text").first
    expect(first).not_to_contain_text("mumbling")
    page.get_by_role("button", name="Second pass").click()
    dialog.get_by_role("button", name="Undo").click()
    expect(first).to_contain_text("mumbling")
