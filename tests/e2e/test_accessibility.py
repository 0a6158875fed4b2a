"""No page breaks a rule of WCAG 2.2 AA that axe-core can check: in light and dark, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.browsers import browser
from tests.e2e.gallery import LOW, SCHEMES, SIZES, Gallery, Scene, fill
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


def tell(page: Page, name: str, detail: dict[str, Any]) -> None:
    """What one part of the room tells the others."""
    page.evaluate("([name, detail]) => window.dispatchEvent(new CustomEvent(name, { detail }))", [name, detail])


def tool(page: Page, name: str) -> None:
    """A tool of the captions, in the menu where there is little room."""
    menu = page.get_by_role("button", name="Find, copy, change how captions look")
    if menu.is_visible():
        menu.click()
    page.get_by_role("button", name=name, exact=True).click()


def all_notices(page: Page) -> None:
    """Copies, as the page goes on showing the one that matters; never so many at once, so they scroll here."""
    page.locator(".notices").evaluate(
        """(list) => {
            Object.assign(list.style, { maxHeight: '40vh', overflow: 'auto' });
            list.append(...[...list.children].map((notice) => {
            const copy = notice.cloneNode(true); copy.removeAttribute('data-notices-target');
            copy.hidden = false; return copy; })); }"""
    )


def all_alerts(page: Page) -> None:
    page.locator(".mic-problem").evaluate("(list) => [...list.children].forEach((text) => { text.hidden = false; })")
    tell(page, "room:mute-asked", {"name": "Mona"})
    tell(page, "room:record", {"off": True})


def keeping(page: Page) -> None:
    """The sign that audio is kept, and the question whether one's own may be."""
    page.locator(".keeping > *").evaluate_all("(parts) => parts.forEach((part) => { part.hidden = false; })")


def high_contrast(page: Page) -> None:
    tool(page, "How captions look")
    page.get_by_label("High").check()
    page.keyboard.press("Escape")


OPEN: dict[str, tuple[str, Callable[[Page], Any]]] = {
    "shortcuts": ("room", lambda page: page.keyboard.press("?")),
    "marks": ("room", lambda page: page.keyboard.press("c")),
    "decision": ("room", lambda page: page.keyboard.press("d")),
    "fix": ("room", lambda page: page.locator(".segment-text").first.dblclick()),
    "invite": ("room", lambda page: page.get_by_role("button", name="Invite").click()),
    "reading": ("room", lambda page: tool(page, "How captions look")),
    "person": ("room", lambda page: page.get_by_role("button", name="Name and more").first.click()),
    "end": ("room", lambda page: page.locator("#end-dialog").evaluate("dialog => dialog.showModal()")),
    "keeping": ("room", keeping),
    "notices": ("room", all_notices),
    "alerts": ("room", all_alerts),
    "high-contrast": ("room", high_contrast),
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


@pytest.mark.parametrize("size", list(SIZES))
def test_the_way_into_the_room_is_on_the_first_screen(gallery: Gallery, size: str) -> None:
    for scene in (scene for scene in gallery.scenes if scene.name in {"lobby", "lobby-host"}):
        with gallery.seen(scene.who, "light", size) as page:
            gallery.open(page, scene)
            expect(page.get_by_role("button", name="Enter the room")).to_be_in_viewport(ratio=1)


def room_of(gallery: Gallery) -> Scene:
    return next(scene for scene in gallery.scenes if scene.name == "room")


@pytest.mark.parametrize("size", list(LOW))
def test_captions_keep_room_in_a_low_window(gallery: Gallery, size: str) -> None:
    """Twelve rem of captions at least, which the page can be scrolled to (1.4.10)."""
    with gallery.seen("host", "light", size) as page:
        gallery.open(page, room_of(gallery))
        captions = page.locator(".captions-scroll")
        captions.evaluate("element => element.scrollIntoView({ block: 'end' })")
        box = captions.bounding_box()
        assert box
        assert box["height"] >= 192
        assert box["y"] + box["height"] > 0
        assert not too_wide(page, size)


def test_what_a_sheet_covers_is_out_of_the_way(gallery: Gallery) -> None:
    """On a phone the list of marks lies over the captions: Tab does not go under it (2.4.11)."""
    with gallery.seen("host", "light", "phone") as page:
        gallery.open(page, room_of(gallery))
        opener = page.get_by_role("button", name="Decisions, notes and chat")
        opener.click()
        expect(page.get_by_placeholder("Write to everybody…")).to_be_focused()
        under = "() => document.activeElement.closest('.captions, .people') !== null"
        for _ in range(40):
            page.keyboard.press("Tab")
            assert not page.evaluate(under)
        expect(page.get_by_role("button", name="Join with microphone")).to_be_visible()
        page.get_by_role("button", name="Close").click()
        expect(opener).to_be_focused()


def test_large_type_keeps_what_somebody_must_know(gallery: Gallery) -> None:
    with gallery.seen("host", "light") as page:
        gallery.open(page, room_of(gallery))
        page.keyboard.press("l")
        expect(page.get_by_role("button", name="Join with microphone")).to_be_hidden()
        expect(page.get_by_text("You are listening")).to_be_visible()
        all_alerts(page)
        for text in ("Off the record", "asks you to turn your microphone off", "The microphone was disconnected"):
            expect(page.get_by_text(text).first).to_be_visible()
        page.keyboard.press("d")
        expect(page.get_by_placeholder("Write to everybody…")).not_to_be_focused()
        edges = [page.locator(f".captions-log {part}").first.bounding_box() for part in (".segment-text", ".mark-body")]
        assert len({box["x"] for box in edges if box}) == 1


def test_a_phone_says_in_words_that_nothing_is_recorded(gallery: Gallery) -> None:
    with gallery.seen("guest", "light", "phone", "de") as page:
        gallery.open(page, room_of(gallery))
        tell(page, "room:record", {"off": True})
        page.locator(".room-frame").evaluate("(room) => room.classList.add('is-off-record')")
        sign = page.locator(".record-sign > span")
        assert sign.evaluate("(sign) => parseFloat(getComputedStyle(sign).fontSize)") > 12
        expect(sign).to_be_in_viewport(ratio=1)
        assert not too_wide(page, "off the record")


def test_a_choice_shows_where_the_system_sets_the_colours(gallery: Gallery) -> None:
    """Not by its background alone, which is the system's then."""
    with gallery.seen("host", "light", forced_colors="active") as page:
        gallery.open(page, room_of(gallery))
        tool(page, "How captions look")
        outlined = """(choice) => getComputedStyle(choice.nextElementSibling).outlineStyle"""
        for chosen in ("#reading-dialog [name=size]", ".mark-kinds [name=kind]"):
            assert page.locator(f"{chosen}:checked").evaluate(outlined) == "solid"
            assert page.locator(f"{chosen}:not(:checked)").first.evaluate(outlined) == "none"


def test_finding_fits_a_phone(gallery: Gallery) -> None:
    with gallery.seen("host", "light", "phone") as page:
        gallery.open(page, room_of(gallery))
        tool(page, "Find in this meeting")
        page.keyboard.type("release")
        page.keyboard.press("Enter")
        expect(page.locator(".is-found")).to_be_in_viewport(ratio=1)
        box = page.locator(".captions-scroll").bounding_box()
        assert box
        assert box["width"] <= SIZES["phone"]["width"]
