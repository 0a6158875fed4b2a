"""A site without a transcriber and a browser without a microphone; a file that needs more brings its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.browsers import browser
from tests.stack import NewStack, Stack


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_web()
    return stack


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture
def launched(playwright: Playwright) -> Iterator[Browser]:
    with browser(playwright) as chromium:
        yield chromium
