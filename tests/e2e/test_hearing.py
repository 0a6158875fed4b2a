"""Two people in two real browsers hear each other: the energy of the audio is measured where it is received."""

from contextlib import ExitStack

import numpy as np
import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.browsers import browser, new_page, scratch, screenshot, write_microphone
from tests.people import Person
from tests.speech import SAMPLE_RATE
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LOOPBACK = "--allow-loopback-in-peer-connection"
ENERGY = """async () => {
  const reports = [];
  for (const connection of window.connections) reports.push(...(await connection.getStats()).values());
  return Math.max(0, ...reports.map((r) => (r.type === 'inbound-rtp' && r.totalAudioEnergy) || 0));
}"""
CONNECTED = "() => window.connections.some((connection) => connection.connectionState === 'connected')"
AT_ONCE_MS = 5_000  # that two pages greet each other at the same time must not cost them the 8 s till the next greeting
SEEN = """() => {
  const frames = (face) => face.querySelector('video').getVideoPlaybackQuality().totalVideoFrames;
  return [...document.querySelectorAll('.face:not(.face-mine)')].map((face) => [face.textContent.trim(), frames(face)]);
}"""
WATCH = """window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...options) { super(...options); window.connections.push(this); }
};"""


def enter(stack: ExitStack, playwright: Playwright, site: Stack, code: str, name: str) -> Page:
    """Join with a microphone that hums for a minute, as a voice would."""
    seconds = np.arange(60 * SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
    hum = (0.3 * np.sin(2 * np.pi * 220 * seconds) * (np.sin(2 * np.pi * 2 * seconds) > 0)).astype(np.float32)
    launched = stack.enter_context(browser(playwright, write_microphone(scratch(), name, hum), LOOPBACK))
    page = new_page(launched)
    page.add_init_script(WATCH)
    page.goto(f"{site.base_url}/m/{code}/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Enter the room").click()
    page.get_by_role("button", name="Join with microphone").click()
    expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    return page


def heard_in(page: Page, milliseconds: int) -> float:
    before = page.evaluate(ENERGY)
    page.wait_for_timeout(milliseconds)
    return float(page.evaluate(ENERGY) - before)


def test_two_people_hear_each_other_until_one_mutes_or_only_reads(site: Stack, playwright: Playwright) -> None:
    host = Person(site.base_url)
    host.sign_up("Mona Host")
    code = host.start_meeting("Standup")
    with ExitStack() as stack:
        ada, grace = (enter(stack, playwright, site, code, name) for name in ("Ada", "Grace"))
        for page in (ada, grace):
            page.wait_for_function(CONNECTED, timeout=AT_ONCE_MS)
        for page in (ada, grace):
            page.wait_for_function(f"async () => await ({ENERGY})() > 0.01", timeout=30_000)
            expect(page.locator(".hearing audio")).to_have_count(1, timeout=20_000)
        ada.get_by_role("button", name="Mute", exact=True).click()
        grace.wait_for_timeout(1_000)
        assert heard_in(grace, 1_500) < 0.001
        assert heard_in(ada, 1_500) > 0.01
        ada.get_by_role("button", name="Unmute").click()
        grace.wait_for_timeout(500)
        assert heard_in(grace, 1_500) > 0.01
        grace.get_by_role("button", name="Hearing the others").click()
        expect(grace.get_by_role("button", name="Captions only", exact=True)).to_be_visible()
        expect(ada.locator(".hearing audio")).to_have_count(0, timeout=20_000)
        grace.get_by_role("button", name="Captions only", exact=True).click()
        expect(ada.locator(".hearing audio")).to_have_count(1, timeout=20_000)
        ada.reload()
        expect(grace.locator(".hearing audio")).to_have_count(1, timeout=20_000)
        grace.wait_for_timeout(12_000)
        assert heard_in(grace, 1_500) > 0.01


def frames_of(page: Page, name: str) -> int:
    """How many pictures of somebody were shown."""
    return max((frames for shown, frames in page.evaluate(SEEN) if shown == name), default=0)


def until_seen(page: Page, name: str) -> None:
    before = frames_of(page, name)
    for _ in range(150):
        if frames_of(page, name) > before + 5:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{name} is not seen: {page.evaluate(SEEN)}")


def test_two_people_see_each_other_when_they_want_to(site: Stack, playwright: Playwright) -> None:
    host = Person(site.base_url)
    host.sign_up("Vera Host")
    code = host.start_meeting("Signs")
    with ExitStack() as stack:
        ada, grace = (enter(stack, playwright, site, code, name) for name in ("Ada", "Grace"))
        expect(grace.locator(".hearing audio")).to_have_count(1, timeout=20_000)
        expect(grace.locator(".faces")).to_be_hidden()
        ada.get_by_role("button", name="Turn the camera on").click()
        expect(ada.locator(".face-mine")).to_contain_text("Ada")
        until_seen(grace, "Ada")
        grace.locator("body").press("v")
        until_seen(ada, "Grace")
        assert heard_in(ada, 1_500) > 0.01  # pictures take nobody's voice away
        screenshot(ada, "room-faces")
        ada.get_by_role("button", name="Turn the camera off").click()
        expect(grace.locator(".face")).to_have_count(1, timeout=20_000)
        expect(ada.locator(".face-mine")).to_have_count(0)
        until_seen(ada, "Grace")
        ada.get_by_role("button", name="Turn the camera on").click()
        until_seen(grace, "Ada")
        grace.reload()  # and comes back with the camera, as it was left
        until_seen(ada, "Grace")
        until_seen(grace, "Ada")
        grace.get_by_role("button", name="Hearing the others").click()
        expect(grace.locator(".faces")).to_be_hidden()
        expect(ada.locator(".face")).to_have_count(1, timeout=20_000)
