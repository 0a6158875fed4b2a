"""Opens any page of a filled site as anybody, in any size and colour scheme."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.browsers import DESKTOP, PHONE
from tests.e2e.scenes import Scene, scenes
from tests.stack import Stack

SIZES = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES = ("light", "dark")


@dataclass
class Gallery:
    """A stack with the site of `tests/e2e/scenes.py`, and a browser to look at it."""

    stack: Stack
    launched: Browser
    built: dict[str, Any]

    @property
    def scenes(self) -> list[Scene]:
        return scenes(self.built)

    @contextmanager
    def seen(self, who: str, scheme: str, size: str = "desktop") -> Iterator[Page]:
        """A page of the person's own browser profile."""
        context = self._profile(who, scheme, size)
        try:
            yield context.new_page()
        finally:
            context.close()

    def open(self, page: Page, scene: Scene) -> None:
        """Until it stands still: its fonts are there and nothing moves any more."""
        page.goto(f"{self.stack.base_url}{scene.path}")
        page.evaluate("() => document.fonts.ready")
        page.wait_for_timeout(SETTLE_MS)

    def _profile(self, who: str, scheme: str, size: str) -> BrowserContext:
        width, height = SIZES[size].values()
        context = self.launched.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            timezone_id="Europe/Berlin",
        )
        if who:
            session = self.built["sessions"][who]
            context.add_cookies([{"name": "sessionid", "value": session, "url": self.stack.base_url}])
        return context


SETTLE_MS = 300  # sockets are open and their first messages are shown


def fill(stack: Stack) -> dict[str, Any]:
    """Fill the stack's database with the site of `scenes`."""
    printed = stack.manage("shell", "-v", "0", "-c", "from tests.e2e.scenes import build; print(build())")
    built: dict[str, Any] = json.loads(printed)
    return built
