"""The doors of a room, in real browsers: who waits is let in or refused, who is removed stays out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsers import browser, new_page, screenshot
from tests.people import Person
from tests.stack import NewStack, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted")
    stack.start_web()
    return stack


@pytest.fixture(scope="module")
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright, browser(playwright) as chromium:
        yield chromium


@pytest.fixture
def host(site: Stack, launched: Browser, request: pytest.FixtureRequest) -> tuple[Page, str]:
    """The host's room and its code."""
    person = Person(site.base_url)
    person.sign_up(f"Host of {request.node.name}"[:60])
    code = person.start_meeting("Interview")
    page = new_page(launched)
    cookies = person.pages.cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": site.base_url} for name, value in cookies])
    page.goto(f"{site.base_url}/m/{code}/room/")
    expect(page.locator(".people-list .person")).to_have_count(1)
    return page, code


def knock(site: Stack, launched: Browser, code: str, name: str) -> Page:
    """A stranger with the link, in a browser profile of their own."""
    page = new_page(launched)
    page.goto(f"{site.base_url}/m/{code}/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Enter the room").click()
    return page


def turns(page: Page) -> bool:
    """The sign that the page waits is a ring, also within a line of text."""
    width, height = page.locator(".spinner").evaluate("(ring) => [ring.offsetWidth, ring.offsetHeight]")
    return bool(width == height > 10)


def test_who_waits_is_let_in_or_refused(site: Stack, launched: Browser, host: tuple[Page, str]) -> None:
    room, code = host
    room.get_by_role("button", name="Host", exact=True).click()
    room.get_by_label("Waiting room").check()
    room.get_by_role("button", name="Close").click()
    wanda, rolf = knock(site, launched, code, "Wanda"), knock(site, launched, code, "Rolf")
    for page, name in ((wanda, "Wanda"), (rolf, "Rolf")):
        expect(page.get_by_role("status").filter(has_text=f"{name}, ")).to_be_visible()
        page.goto(f"{site.base_url}/m/{code}/room/")
        expect(page).to_have_url(f"{site.base_url}/m/{code}/waiting/")
        assert turns(page)
    doorstep = room.locator(".doorstep")
    screenshot(room, "room-doorstep")
    doorstep.locator("li", has_text="Wanda").get_by_role("button", name="Let in").click()
    doorstep.locator("li", has_text="Rolf").get_by_role("button", name="Refuse").click()
    expect(wanda).to_have_url(f"{site.base_url}/m/{code}/room/", timeout=15_000)
    expect(rolf.get_by_text("You were removed")).to_be_visible(timeout=15_000)
    expect(room.locator(".people-list .person", has_text="Wanda")).to_be_visible()
    expect(doorstep).to_be_hidden()


def test_who_is_removed_from_a_locked_meeting_does_not_come_back_without_cookies(
    site: Stack, launched: Browser, host: tuple[Page, str]
) -> None:
    room, code = host
    eve = knock(site, launched, code, "Eve")
    expect(eve.get_by_role("button", name="Join with microphone")).to_be_visible()
    grace = knock(site, launched, code, "Grace")
    expect(grace.get_by_role("button", name="Join with microphone")).to_be_visible()
    room.locator(".person", has_text="Eve").get_by_role("button", name="Name and more").click()
    room.get_by_role("button", name="Remove from the meeting").click()
    room.get_by_role("button", name="Remove and lock the meeting").click()
    expect(room.locator(".people-list .person", has_text="Eve")).to_have_count(0)
    expect(eve.get_by_role("button", name="Join with microphone")).to_be_hidden()
    eve.goto(f"{site.base_url}/m/{code}/")
    expect(eve.get_by_text("You were removed")).to_be_visible()
    eve.context.clear_cookies()
    eve.goto(f"{site.base_url}/m/{code}/")
    expect(eve.get_by_text("This meeting is locked")).to_be_visible()
    grace.reload()
    expect(grace.get_by_role("button", name="Join with microphone")).to_be_visible()
