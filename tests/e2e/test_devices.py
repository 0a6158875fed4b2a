"""Microphones that fail, in a real browser: what the page says, and what it does by itself."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.browsers import PHONE, browser, new_page, scratch, write_microphone
from tests.people import Person
from tests.speech import SAMPLE_RATE, Samples
from tests.stack import NewStack, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

# Lets a test do to the microphone what a cable, an operating system and a sleeping computer do.
REACH = """
window.tracks = [];
window.contexts = [];
const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = async (wanted) => {
  const media = await ask(wanted);
  tracks.push(...media.getAudioTracks());
  return media;
};
window.AudioContext = class extends AudioContext {
  constructor(...options) { super(...options); contexts.push(this); }
};
"""


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted")
    stack.start_web()
    stack.start_transcriber()
    stack.wait_ready()
    return stack


def babble(seconds: float) -> Samples:
    """Syllables of a buzzing voice: noise suppression takes it for speech."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 130 + 25 * np.sin(2 * np.pi * 0.7 * time)
    voice = sum(np.sin(harmonic * 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) / harmonic for harmonic in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3.3 * time), 0, 1) ** 0.5
    return (0.25 * voice * syllables).astype(np.float32)


def speaking(page: Page, site: Stack, code: str, name: str) -> Page:
    page.add_init_script(REACH)
    page.goto(f"{site.base_url}/m/{code}/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Enter the room").click()
    page.get_by_role("button", name="Join with microphone").click()
    expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    return page


@pytest.fixture
def code(site: Stack) -> str:
    host = Person(site.base_url)
    host.sign_up(f"Host {np.random.default_rng().integers(10**9)}")
    return host.start_meeting("Devices", language="en")


@pytest.fixture(scope="module")
def voice() -> Path:
    return write_microphone(scratch(), "babble", babble(60.0))


def test_the_lobby_tries_a_sentence(site: Stack, playwright: Playwright, code: str, voice: Path) -> None:
    with browser(playwright, voice) as launched:
        page = new_page(launched, PHONE)
        page.goto(f"{site.base_url}/m/{code}/")
        page.get_by_role("button", name="Try a sentence").click()
        expect(page.get_by_role("meter", name="Microphone level")).to_be_visible()
        expect(page.get_by_text("Say a sentence now")).to_be_visible()
        answer = page.get_by_text("The others would read").or_(page.get_by_text("No words were understood"))
        expect(answer.filter(visible=True)).to_be_visible(timeout=30_000)  # babble: whichever the engine made of it
        expect(page.get_by_role("button", name="Try a sentence")).to_be_enabled()


def test_talking_while_muted_is_noticed(site: Stack, playwright: Playwright, code: str, voice: Path) -> None:
    with browser(playwright, voice) as launched:
        page = speaking(new_page(launched), site, code, "Muted Mia")
        page.get_by_role("button", name="Mute", exact=True).click()
        expect(page.locator("[data-problem=talking]")).to_be_visible(timeout=8_000)
        page.get_by_role("button", name="Unmute").click()
        expect(page.locator("[data-problem=talking]")).to_be_hidden()


def test_a_microphone_that_gives_nothing_is_noticed(site: Stack, playwright: Playwright, code: str) -> None:
    silence = write_microphone(scratch(), "silence", np.zeros(SAMPLE_RATE, np.float32))
    with browser(playwright, silence) as launched:
        page = speaking(new_page(launched), site, code, "Silent Sam")
        expect(page.locator("[data-problem=silent]")).to_be_visible(timeout=40_000)


def test_an_unplugged_microphone_is_replaced_and_the_stream_goes_on(
    site: Stack, playwright: Playwright, code: str, voice: Path
) -> None:
    with browser(playwright, voice) as launched:
        page = speaking(new_page(launched), site, code, "Plugging Pia")
        page.wait_for_timeout(1_500)
        memory = f"JSON.parse(sessionStorage['stream:{code}'])"
        before = page.evaluate(memory)
        page.evaluate("tracks[0].stop(); tracks[0].dispatchEvent(new Event('ended'))")
        expect(page.locator("[data-problem=switched]")).to_contain_text("You go on with Fake")
        expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
        page.wait_for_timeout(1_500)
        after = page.evaluate(memory)
    assert after["streamId"] == before["streamId"]
    assert after["nextSample"] > before["nextSample"] + SAMPLE_RATE


def test_another_microphone_is_chosen_in_the_room_and_the_stream_goes_on(
    site: Stack, playwright: Playwright, code: str, voice: Path
) -> None:
    with browser(playwright, voice) as launched:
        page = speaking(new_page(launched), site, code, "Choosing Cleo")
        memory = f"JSON.parse(sessionStorage['stream:{code}']).streamId"
        page.wait_for_function(f"() => sessionStorage['stream:{code}'] && {memory}")
        before = page.evaluate(memory)
        page.get_by_role("button", name="Microphone and loudspeaker").click()
        choice = page.get_by_label("Microphone", exact=True)
        chosen = choice.locator("option").last.get_attribute("value")
        choice.select_option(chosen)
        page.wait_for_function("() => tracks.length === 2 && tracks[0].readyState === 'ended'")
        assert page.evaluate("JSON.parse(localStorage.sound).microphone") == chosen
        page.get_by_role("button", name="Close").click()
        expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
        assert page.evaluate(memory) == before


def test_an_audio_graph_that_stands_still_is_woken(site: Stack, playwright: Playwright, code: str, voice: Path) -> None:
    with browser(playwright, voice) as launched:
        page = speaking(new_page(launched), site, code, "Sleepy Sven")
        page.wait_for_timeout(1_000)
        page.evaluate("contexts.at(-1).suspend()")
        assert page.evaluate("contexts.at(-1).state") == "suspended"
        page.wait_for_timeout(6_000)
        assert page.evaluate("contexts.at(-1).state") == "running"


def test_a_permission_that_is_taken_back_is_explained(site: Stack, playwright: Playwright, code: str) -> None:
    """Without the browser's automatic yes, so that its real permissions count."""
    with browser(playwright, None, "--use-fake-device-for-media-stream") as launched:
        page = speaking(new_page(launched), site, code, "Revoked Rita")
        page.wait_for_timeout(500)
        devtools = page.context.new_cdp_session(page)
        context = devtools.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
        denied = {"permission": {"name": "microphone"}, "setting": "denied", "origin": site.base_url}
        devtools.send("Browser.setPermission", {**denied, "browserContextId": context})
        expect(page.locator(".mic-problem p:visible")).to_contain_text("told not to give")
        expect(page.get_by_role("button", name="Join with microphone")).to_be_visible()
