"""No page breaks a rule of WCAG 2.2 AA that axe-core can check: in light and dark, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.e2e.browsers import browser
from tests.e2e.gallery import SCHEMES, SIZES, Gallery, Scene, fill
from tests.stack import NewStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then((found) =>
  found.violations.map((rule) => [rule.id, rule.nodes.map((node) => `${node.target} ${node.failureSummary}`)]))"""

# Swagger UI draws the buttons that open a route around links; how they look is in our hands, how they are built is not.
NOT_OURS = {("api-docs", "nested-interactive")}


@pytest.fixture(scope="module")
def gallery(new_stack: NewStack) -> Iterator[Gallery]:
    stack = new_stack(ENGINE="scripted")
    built = fill(stack)
    stack.start_web()
    with sync_playwright() as playwright, browser(playwright) as launched:
        yield Gallery(stack, launched, built)


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("no axe-core: `npm ci` in frontend/")
    return AXE.read_text()


def violations(page: Page, axe: str, where: str) -> list[str]:
    page.evaluate(axe)
    found: list[tuple[str, list[str]]] = page.evaluate(RUN, RULES)
    return [f"{where}: {rule}: {node}" for rule, nodes in found if (where, rule) not in NOT_OURS for node in nodes]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", list(SIZES))
def test_every_page(gallery: Gallery, axe: str, size: str, scheme: str) -> None:
    found: list[str] = []
    for who in dict.fromkeys(scene.who for scene in gallery.scenes):
        with gallery.seen(who, scheme, size) as page:
            for scene in (scene for scene in gallery.scenes if scene.who == who):
                gallery.open(page, scene)
                found += violations(page, axe, scene.name)
                found += too_wide(page, scene.name)
    assert not found, "\n".join(found)


def test_german_fits_a_phone(gallery: Gallery) -> None:
    found: list[str] = []
    for who in dict.fromkeys(scene.who for scene in gallery.scenes):
        with gallery.seen(who, "light", "phone", "de") as page:
            for scene in (scene for scene in gallery.scenes if scene.who == who):
                gallery.open(page, scene)
                found += too_wide(page, scene.name)
    assert not found, "\n".join(found)


def too_wide(page: Page, where: str) -> list[str]:
    """Nobody scrolls sideways to read (1.4.10)."""
    spare: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{where}: {spare} px wider than the window"] if spare > 0 else []


OPEN: dict[str, tuple[str, Callable[[Page], Any]]] = {
    "shortcuts": ("room", lambda page: page.keyboard.press("?")),
    "marks": ("room", lambda page: page.keyboard.press("c")),
    "decision": ("room", lambda page: page.keyboard.press("d")),
    "fix": ("room", lambda page: page.locator(".segment-text").first.dblclick()),
    "invite": ("room", lambda page: page.get_by_role("button", name="Invite").click()),
    "reading": ("room", lambda page: page.get_by_role("button", name="How captions look").click()),
    "host": ("room", lambda page: page.get_by_role("button", name="Host", exact=True).click()),
    "large-type": ("room", lambda page: page.keyboard.press("l")),
    "find": ("room", lambda page: page.keyboard.press("/")),
    "refused-form": ("lobby", lambda page: page.locator("form.lobby").evaluate("form => form.submit()")),
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", list(SIZES))
def test_what_opens_on_a_page(gallery: Gallery, axe: str, size: str, scheme: str) -> None:
    known: dict[str, Scene] = {scene.name: scene for scene in gallery.scenes}
    found: list[str] = []
    for name, (scene, act) in OPEN.items():
        with gallery.seen(known[scene].who, scheme, size) as page:
            gallery.open(page, known[scene])
            act(page)
            page.wait_for_timeout(400)
            found += violations(page, axe, name)
    assert not found, "\n".join(found)
