"""Real Chromium processes, each with a recording as its microphone."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, Playwright

from tests.speech import SAMPLE_RATE, Samples

QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --use-fake-ui-for-media-stream"
).split()
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def chromium_path() -> str:
    """Chromium of the system; without one the test is skipped."""
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium: on Debian `apt-get install chromium`")
    return found


def write_microphone(folder: Path, name: str, samples: Samples) -> Path:
    """A WAV for Chromium's fake microphone; its end repeats for ever, so it ends in silence."""
    path = folder / f"{name}.wav"
    silence = np.zeros(SAMPLE_RATE // 2, np.float32)
    soundfile.write(path, np.concatenate([samples, silence]), SAMPLE_RATE, "PCM_16")
    return path


@contextmanager
def browser(playwright: Playwright, microphone: Path | None = None, *extra: str) -> Iterator[Browser]:
    """A Chromium process of its own; without a recording it has no microphone at all."""
    arguments = [*QUIET, *extra]
    if microphone is not None:
        arguments += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    launched = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
    try:
        yield launched
    finally:
        launched.close()


def new_page(
    launched: Browser, viewport: dict[str, int] | None = None, scheme: str = "light", touch: bool = False
) -> Page:
    width, height = (viewport or (PHONE if touch else DESKTOP)).values()
    context = launched.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=touch,
        is_mobile=touch,
    )
    context.grant_permissions(["microphone"])
    context.set_default_timeout(20_000)
    return context.new_page()


def screenshot(page: Page, name: str) -> None:
    """Keep a picture under var/screenshots for people to look at."""
    folder = Path(__file__).resolve().parents[2] / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="microphones-"))
