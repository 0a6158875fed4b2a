"""A recording, from choosing its file to the approved minutes: in a real browser, heard by the real model."""

import io
import re
from pathlib import Path

import docx2txt
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import screenshot
from tests.e2e.test_correcting import open_page
from tests.people import Person
from tests.speech import SAMPLE_RATE, three_voices, word_error_rate
from tests.stack import NewStack, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
SECONDS = 24.0


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_all()
    return stack


def test_a_recording_is_uploaded_heard_named_approved_and_exported(
    site: Stack, launched: Browser, tmp_path: Path
) -> None:
    ada = Person(site.base_url)
    ada.sign_up("Ada")
    voice = three_voices()[0]
    soundfile.write(tmp_path / "board.ogg", voice.samples[: int(SECONDS * SAMPLE_RATE)], SAMPLE_RATE, "VORBIS")
    page = open_page(launched, ada, "/recordings/")
    upload(page, tmp_path / "board.ogg")
    name_the_speaker(page)
    page.get_by_role("button", name="Begin review").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    code = page.url.split("/m/")[1].split("/")[0]
    answer = ada.pages.get(f"/m/{code}/minutes.docx")
    assert "_board_minutes.docx" in answer.headers["content-disposition"]
    text = docx2txt.process(io.BytesIO(answer.content))
    assert "Grace Hopper" in text
    heard = " ".join(line["text"] for line in ada.pages.get(f"/m/{code}/minutes.json").json()["lines"])
    said = " ".join(utterance.text for utterance in voice.utterances if utterance.end <= SECONDS)
    assert said
    assert word_error_rate(said, heard) < 0.5  # an utterance may be cut at the end


def upload(page: Page, file: Path) -> None:
    page.get_by_label("File").set_input_files(file)
    expect(page.get_by_label("Title")).to_have_value("board")
    page.get_by_label("Language", exact=True).select_option("en")
    page.get_by_label("Speakers", exact=True).select_option(label="One speaker")
    page.get_by_label(re.compile("Keep the audio")).check()
    screenshot(page, "recording-upload")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_have_text("Done", timeout=150_000)
    page.get_by_role("link", name="Read the transcript").click()
    page.get_by_role("link", name="Review", exact=True).click()


def name_the_speaker(page: Page) -> None:
    expect(page.locator(".review-line").first).to_be_visible()
    page.get_by_role("button", name="Rename a speaker").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".review-samples q").first).not_to_be_empty()
    dialog.get_by_role("button", name="Play").first.click()
    audio = page.locator("audio")
    expect(page.locator("[data-player-target=toggle]")).to_have_attribute("aria-pressed", "true")
    screenshot(page, "recording-name-the-speaker")
    dialog.get_by_label("New name").fill("Grace Hopper")
    expect(page.locator("[data-player-target=toggle]")).to_have_attribute("aria-pressed", "false", timeout=30_000)
    assert float(audio.evaluate("audio => audio.currentTime")) > 0.5
    dialog.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".review-line .segment-name").first).to_have_text("Grace Hopper")
