"""Two people correct the same lines: in the room while it runs, and on the review page afterwards."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsers import PHONE, new_page, screenshot
from tests.people import Person
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def host(site: Stack) -> Person:
    person = Person(site.base_url)
    person.sign_up("Ada")
    return person


def open_page(launched: Browser, person: Person, path: str, scheme: str = "light", touch: bool = False) -> Page:
    """A page of its own browser profile, signed in as the person."""
    page = new_page(launched, scheme=scheme, touch=touch)
    cookies = person.pages.cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": person.base_url} for name, value in cookies])
    page.goto(f"{person.base_url}{path}")
    return page


def line_of(page: Page, sequence: int) -> Locator:
    return page.locator(f'[data-sequence="{sequence}"]')


def seat_of(page: Page) -> str:
    seat = page.locator("[data-line-edit-you-value]").get_attribute("data-line-edit-you-value")
    assert seat
    return seat


def test_a_correction_in_the_room_and_on_the_review_page(site: Stack, launched: Browser, host: Person) -> None:
    code = host.start_meeting("Budget 2027")
    guest = Person(site.base_url)
    guest.join(code, "Grace")
    room = f"/m/{code}/room/"
    his, hers = open_page(launched, host, room), open_page(launched, guest, room)
    by_host = site.spoken(seat_of(his), "Let us begin.")
    by_guest = site.spoken(seat_of(hers), "The bugdet is nine million for the whole year.", 4_000)
    his.reload()
    hers.reload()
    _correct_in_the_room(his, hers, by_host, by_guest)
    host.end(code)
    review = f"/m/{code}/review/"
    first, second = open_page(launched, host, review), open_page(launched, host, review, scheme="dark")
    _two_reviewers(first, second, by_guest)
    _split_and_undo(first)
    _undo_after_a_reload(first)
    _approve(first, second)


def _correct_in_the_room(his: Page, hers: Page, by_host: int, by_guest: int) -> None:
    line_of(hers, by_host).hover()
    expect(hers.get_by_role("button", name="Mark this line")).to_be_visible()
    expect(hers.get_by_role("button", name="Fix this line")).to_be_hidden()
    line_of(his, by_guest).locator(".segment-text").dblclick()
    his.get_by_label("What was said").fill("The budget is ten million.")
    hers.keyboard.press("e")
    hers.get_by_label("What was said").fill("The budget is nine million for the whole year.")
    hers.keyboard.press("Enter")
    expect(hers.get_by_label("What was said")).to_have_count(0)
    expect(line_of(his, by_guest).get_by_role("alert")).to_contain_text("nine million for the whole year")
    screenshot(his, "room-correction-conflict")
    his.keyboard.press("Escape")
    expect(line_of(his, by_guest).locator(".segment-text")).to_have_text(
        "The budget is nine million for the whole year."
    )
    expect(line_of(hers, by_guest)).to_contain_text("edited")


def test_a_finger_sees_the_buttons_of_a_line_before_it_presses_one(site: Stack, launched: Browser) -> None:
    host = Person(site.base_url)
    host.sign_up("Thea Touch")
    code = host.start_meeting("On the way")
    page = open_page(launched, host, f"/m/{code}/room/", touch=True)
    sequence = site.spoken(seat_of(page), "Who is there?")
    page.reload()
    fix, form = page.get_by_role("button", name="Fix this line"), page.get_by_label("What was said")
    box = line_of(page, sequence).bounding_box()
    assert box
    end = box["x"] + box["width"] - 50, box["y"] + 20
    page.touchscreen.tap(*end)
    expect(fix).to_be_visible()
    expect(form).to_have_count(0)
    button = fix.bounding_box()
    assert button
    page.touchscreen.tap(button["x"] + 16, button["y"] + 16)
    expect(form).to_be_visible()


def _two_reviewers(first: Page, second: Page, sequence: int) -> None:
    line_of(first, sequence).click()
    first.keyboard.press("e")
    first.get_by_label("What was said").fill("Mine.")
    line_of(second, sequence).dblclick()
    second.get_by_label("What was said").fill("The budget is nine million.")
    second.keyboard.press("Enter")
    expect(line_of(first, sequence).get_by_role("alert")).to_contain_text("The budget is nine million.")
    screenshot(first, "review-conflict")
    first.keyboard.press("Escape")
    expect(line_of(first, sequence)).to_contain_text("The budget is nine million.")
    first.keyboard.press("h")
    expect(first.get_by_role("dialog")).to_contain_text("The bugdet is nine million for the whole year.")
    screenshot(first, "review-history")
    first.keyboard.press("Escape")


def _split_and_undo(page: Page) -> None:
    page.keyboard.press("e")
    box = page.get_by_label("What was said")
    box.evaluate("box => box.setSelectionRange(10, 10)")
    page.keyboard.press("Control+Enter")
    texts = page.locator(".review-line:not(.is-hidden) .segment-text")
    expect(texts).to_have_text(["Let us begin.", "The budget", "is nine million."])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".review-line:visible .segment-text")).to_have_text(
        ["Let us begin.", "The budget is nine million."]
    )


def _undo_after_a_reload(page: Page) -> None:
    """The history of a line takes back its newest change, which here was taking back the split."""
    page.reload()
    texts = page.locator(".review-line:visible .segment-text")
    for lines in (["The budget", "is nine million."], ["The budget is nine million."]):
        texts.nth(1).click()
        page.keyboard.press("h")
        page.get_by_role("dialog").get_by_role("button", name="Undo").first.click()
        expect(texts).to_have_text(["Let us begin.", *lines])


def _approve(first: Page, second: Page) -> None:
    first.get_by_role("button", name="Begin review").click()
    first.get_by_role("button", name="Approve").click()
    expect(second.get_by_role("button", name="Reopen")).to_be_visible()
    screenshot(second, "review-approved-dark")
    second.get_by_role("button", name="Reopen").click()
    second.get_by_label("Reason").fill("A name was wrong.")
    second.get_by_role("dialog").get_by_role("button", name="Reopen").click()
    expect(first.get_by_role("button", name="Approve")).to_be_visible()
    width, height = PHONE.values()
    first.set_viewport_size({"width": width, "height": height})
    screenshot(first, "review-phone")
