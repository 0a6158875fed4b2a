"""Two people speak at once: each has a lane of their own, in the room and on the overlay, also after a reload."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.browsers import browser, screenshot
from tests.e2e.gallery import Gallery, fill
from tests.e2e.scenes import NOW, TALK
from tests.stack import NewStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def gallery(new_stack: NewStack) -> Iterator[Gallery]:
    stack = new_stack(ENGINE="scripted")
    built = fill(stack)
    stack.start_web()
    with sync_playwright() as playwright, browser(playwright) as launched:
        yield Gallery(stack, launched, built)


def expect_lanes(page: Page) -> None:
    lanes = page.locator(".captions-lanes .segment")
    expect(lanes).to_have_count(len(NOW))
    for (name, text, stable), lane in zip(NOW, lanes.all(), strict=True):
        expect(lane.locator("[data-slot=name]")).to_have_text(name)
        expect(lane.locator("[data-slot=text]")).to_have_text(text)
        expect(lane.locator(".unsettled")).to_have_text(text[stable:])


def test_lanes_in_the_room_on_the_overlay_and_after_a_reload(gallery: Gallery) -> None:
    scenes = {scene.name: scene for scene in gallery.scenes}
    with gallery.seen("host", "light") as room, gallery.seen("", "dark") as overlay:
        gallery.open(room, scenes["room"])
        gallery.open(overlay, scenes["overlay"])
        gallery.talk_at_once()
        expect_lanes(room)
        expect_lanes(overlay)
        screenshot(overlay, "overlay-lanes")
        room.reload()
        expect(room.locator(".captions-log .segment[data-kind=speech]")).to_have_count(len(TALK))
        gallery.talk_at_once()
        expect_lanes(room)
