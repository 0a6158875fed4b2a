"""Without a mouse: into the room, speak, mute, fix lines, mark one, read the shortcuts, and out again."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsers import browser, new_page, scratch, write_microphone
from tests.people import Person
from tests.speech import SAMPLE_RATE
from tests.stack import NewStack, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

FOCUSED = """() => { const found = document.activeElement?.closest('a, button, input');
  return (found?.ariaLabel || found?.innerText || '').trim(); }"""
OUTLINED = """() => { const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' || style.boxShadow !== 'none'; }"""


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted")
    stack.start_web()
    return stack


@pytest.fixture
def launched() -> Iterator[Browser]:
    quiet = write_microphone(scratch(), "quiet", np.zeros(SAMPLE_RATE, np.float32))
    with sync_playwright() as playwright, browser(playwright, quiet) as chromium:
        yield chromium


def tab_to(page: Page, text: str) -> None:
    """Press Tab until something with this text has the focus, and see that it shows."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if text in page.evaluate(FOCUSED):
            assert page.evaluate(OUTLINED), f"{text} has the focus and does not show it"
            return
    pytest.fail(f"no way to {text!r} with the Tab key")


def test_a_meeting_by_keyboard_alone(site: Stack, launched: Browser) -> None:
    host = Person(site.base_url)
    host.sign_up("Mona Host")
    code = host.start_meeting("Keys")
    page = new_page(launched)
    page.goto(f"{site.base_url}/m/{code}/")
    page.keyboard.type("Kay")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.name") == "consent":
            break
    page.keyboard.press("Space")
    tab_to(page, "Enter the room")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Join with microphone")).to_be_visible()
    _speak_and_mute(page)
    _fix_a_line(site, page)
    _mark_an_earlier_line(site, page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    tab_to(page, "Leave")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.base_url}/m/{code}/left/")


def test_a_host_whose_answers_are_known_enters_with_one_key(site: Stack, launched: Browser) -> None:
    host = Person(site.base_url)
    host.sign_up("Ida Host")
    page = new_page(launched)
    cookies = host.pages.cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": site.base_url} for name, value in cookies])
    for keys in (["Space", "Enter"], ["Enter"]):
        page.goto(site.base_url)
        page.get_by_role("button", name="Start now").click()
        expect(page.get_by_text("You enter as Ida Host")).to_be_visible()
        expect(page.locator(":focus")).to_have_count(1)
        for key in keys:
            page.keyboard.press(key)
        expect(page.get_by_role("button", name="Join with microphone")).to_be_visible()


def _speak_and_mute(page: Page) -> None:
    for state in ("Mute", "Unmute", "Mute"):
        page.keyboard.press("m")
        expect(page.get_by_role("button", name=state, exact=True)).to_be_visible()


def _fix_a_line(site: Stack, page: Page) -> None:
    seat = page.locator("[data-line-edit-you-value]").get_attribute("data-line-edit-you-value")
    assert seat
    site.spoken(seat, "The bugdet is nine million.")
    page.reload()
    expect(page.locator(".segment-text")).to_have_text("The bugdet is nine million.")
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("The budget is nine million.")
    page.keyboard.press("Enter")
    expect(page.locator(".segment-text")).to_have_text("The budget is nine million.")
    expect(page.locator(".segment")).to_contain_text("edited")


def _mark_an_earlier_line(site: Stack, page: Page) -> None:
    """One stop of the Tab key for all lines, and arrows between them."""
    seat = page.locator("[data-line-edit-you-value]").get_attribute("data-line-edit-you-value")
    assert seat
    for start_ms, text in ((5_000, "Agreed."), (9_000, "Then the rooms."), (13_000, "And the dates.")):
        site.spoken(seat, text, start_ms)
    page.reload()
    expect(page.locator(".captions-log .segment")).to_have_count(4)
    expect(page.locator(".captions-log").get_by_role("button")).to_have_count(0)
    tab_to(page, "Fix this line")
    tab_to(page, "Mark this line")
    expect(page.locator(".segment.is-chosen")).to_contain_text("And the dates.")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".line-tools [role=status]")).to_have_text("Kay: Agreed.")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".captions-log .mark")).to_contain_text("Agreed.")
    page.keyboard.press("Escape")
