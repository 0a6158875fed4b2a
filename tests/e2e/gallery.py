"""Opens any page of a filled site as anybody, in any size and colour scheme."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.browsers import DESKTOP, PHONE
from tests.stack import Stack

SIZES = {"desktop": DESKTOP, "phone": PHONE}
LOW = {"on its side": {"width": 844, "height": 390}, "enlarged four times": {"width": 320, "height": 256}}
SCHEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Scene:
    """A page as somebody sees it."""

    name: str
    path: str
    who: str  # whose session the browser has; empty for a stranger


def scenes(built: dict[str, Any]) -> list[Scene]:
    """Every page of the product, from what `build` printed."""
    live, past = f"/m/{built['live']}", f"/m/{built['past']}"
    pages = {
        "": {"landing": "/", "sign-up": "/accounts/signup/", "sign-in": "/accounts/login/", "lobby": f"{live}/"}
        | {"overlay": f"{live}/overlay/?key={built['overlay']}", "shared": f"/shared/{built['link']}/"}
        | {"error-404": "/nothing-here/", "admin-sign-in": "/admin/login/"}
        | {"sign-in-link-used": "/accounts/link/?token=wrong", "api-docs": "/docs"},
        "waiting": {"waiting-room": f"/m/{built['doors']}/waiting/"},
        "removed": {"removed": f"/m/{built['doors']}/"},
        "guest": {"left": f"{live}/left/", "room-guest": f"{live}/room/"},
        "host": {
            "home": "/",
            "account": "/accounts/",
            "meeting-new": "/meetings/new/",
            "lobby-host": f"{live}/?devices",
            "room": f"{live}/room/",
            "room-doorstep": f"/m/{built['doors']}/room/",
        }
        | {page: f"{past}/{page}/" for page in ("transcript", "insight", "review", "minutes", "sharing")}
        | {"search": "/search/?q=budget", "search-empty": "/search/?q=zebra", "tokens": "/accounts/tokens/"}
        | {"webhooks": "/accounts/webhooks/", "webhook": f"/accounts/webhooks/{built['webhook']}/"}
        | {"recordings": "/recordings/", "recording": f"/recordings/{built['recording']}/"},
        "newcomer": {"home-empty": "/"},
        "admin": {
            "operations": "/operations/",
            "jobs": "/jobs/",
            "admin": "/admin/",
            "admin-meetings": "/admin/meetings/meeting/",
        },
    }
    return [Scene(name, path, who) for who, paths in pages.items() for name, path in paths.items()]


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
    def seen(self, who: str, scheme: str, size: str = "desktop", language: str = "en", **wishes: Any) -> Iterator[Page]:
        """A page of the person's own browser profile; `wishes` are what its system asks for, as Playwright names it."""
        context = self._profile(who, scheme, size, language, wishes)
        try:
            yield context.new_page()
        finally:
            context.close()

    def open(self, page: Page, scene: Scene) -> None:
        """Until it stands still: its fonts are there and nothing moves any more."""
        answer = page.goto(f"{self.stack.base_url}{scene.path}")
        assert answer is not None, scene.path
        assert answer.status < 500, f"{scene.path}: {answer.status}"
        page.evaluate("() => document.fonts.ready")
        page.wait_for_timeout(SETTLE_MS)

    def talk_at_once(self) -> None:
        """Two people speak in the live meeting."""
        code = self.built["live"]
        call = f"from tests.e2e.scenes import talk_at_once; talk_at_once({code!r})"
        self.stack.manage("shell", "-v", "0", "-c", call)

    def _profile(self, who: str, scheme: str, size: str, language: str, wishes: dict[str, Any]) -> BrowserContext:
        width, height = (SIZES | LOW)[size].values()
        context = self.launched.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            timezone_id="Europe/Berlin",
            locale=language,
            **wishes,
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
