"""A host writes the minutes in the browser, which saves as they type."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsers import browser
from tests.e2e.test_correcting import open_page
from tests.people import Person
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright, browser(playwright) as chromium:
        yield chromium


def type_into(page: Page, label: str, text: str) -> None:
    """Until it is saved."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as saving:
        page.get_by_label(label, exact=True).last.fill(text)
    assert saving.value.ok
    expect(page.get_by_role("status")).to_have_text("All changes are saved")


def test_what_is_typed_is_there_after_many_saves(site: Stack, launched: Browser) -> None:
    host = Person(site.base_url)
    host.sign_up("Ada")
    code = host.start_meeting("Budget 2027")
    host.end(code)
    page = open_page(launched, host, f"/m/{code}/minutes/")
    type_into(page, "Decision", "We ship on Monday.")
    type_into(page, "Task", "Write the notes")
    type_into(page, "Owner", "Grace")
    type_into(page, "Summary", "All went well.")
    page.reload()
    expect(page.get_by_label("Decision", exact=True).first).to_have_value("We ship on Monday.")
    expect(page.get_by_label("Task", exact=True).first).to_have_value("Write the notes")
    expect(page.get_by_label("Owner", exact=True).first).to_have_value("Grace")
    expect(page.get_by_label("Summary", exact=True)).to_have_value("All went well.")
