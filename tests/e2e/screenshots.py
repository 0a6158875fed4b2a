"""Pictures of every page for docs/screenshots/, on a desk and on a phone, light and dark.

`python -m tests.e2e.screenshots` draws all, names of pages as arguments these only.
One picture a page: the four views beside each other, at half their size, down to where the page ends.
"""

import asyncio
import io
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from config.launch.stores import stores
from tests.e2e.browsers import browser, scratch, write_microphone
from tests.e2e.gallery import SCHEMES, SIZES, Gallery, Scene, fill
from tests.people import Person
from tests.speech import SAMPLE_RATE
from tests.stack import Stack, emptied_redis, new_database
from transcription.engines.scripted import counter_frame

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
MARGIN = 24
LONGEST = 2_400  # px of a page that are shown
SPOKEN = {"room", "overlay"}  # pages on which people speak at this moment
MEASURED_SECONDS = 120  # before the picture of the operators' page
COMPANY = ("member", "other member")  # who else is in the room


def tool(page: Page, name: str) -> None:
    """A tool of the captions, in the menu where there is little room."""
    menu = page.locator(".captions-more")
    if menu.is_visible():
        menu.click()
    page.get_by_role("button", name=name, exact=True).click()


def find(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("release")
    page.keyboard.press("Enter")


def off_the_record(page: Page) -> None:
    """For good: it is the last picture."""
    page.get_by_role("button", name="Host", exact=True).click()
    begin = page.get_by_role("button", name="Go off the record")
    if begin.is_visible():
        begin.click()
    page.keyboard.press("Escape")


OPENED: dict[str, Callable[[Page], Any]] = {  # what opens in the room
    "room-keys": lambda page: page.keyboard.press("?"),
    "room-host": lambda page: page.get_by_role("button", name="Host", exact=True).click(),
    "room-invite": lambda page: page.get_by_role("button", name="Invite").click(),
    "room-reading": lambda page: tool(page, "How captions look"),
    "room-large-type": lambda page: page.keyboard.press("l"),
    "room-find": find,
    "room-decision": lambda page: page.keyboard.press("d"),
    "room-microphone-on": lambda page: page.keyboard.press("m"),
    "room-off-the-record": off_the_record,
}


async def talk(stack: Stack) -> None:
    """Somebody reads numbers aloud in a meeting of their own: without it there is nothing to measure."""
    reader = Person(stack.base_url)
    reader.sign_up("Rosa Reads")
    code = reader.start_meeting("Sound check")
    async with reader.room(code) as room, reader.audio(code) as audio:
        await room.say(type="hello")
        looking = asyncio.create_task(room.attend(), name="the reader's page")
        await audio.say(type="audio.start")
        await audio.expect("audio.ready")
        spoken = [counter_frame(number if number % 40 < 30 else 0) for number in range(10 * (MEASURED_SECONDS + 30))]
        await audio.speak(b"".join(spoken))
        looking.cancel()


@contextmanager
def measured(stack: Stack) -> Iterator[None]:
    """While somebody has been speaking for a while and goes on."""
    speaking = threading.Thread(target=asyncio.run, args=(talk(stack),), name="who speaks")
    speaking.start()
    time.sleep(MEASURED_SECONDS)
    try:
        yield
    finally:
        speaking.join()


@contextmanager
def site() -> Iterator[Gallery]:
    """A filled site with stores of its own, and two more people in its live meeting."""
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="screenshots-")))
        folder.chmod(0o755)  # a private Postgres runs as a user of its own
        os.environ.update(closing.enter_context(stores(folder)))
        redis_url = emptied_redis(os.environ["REDIS_URL"], 1)
        stack = Stack(new_database(os.environ["DATABASE_URL"]), redis_url, folder, {"ENGINE": "scripted"})
        closing.callback(stack.stop)
        stack.prepare()
        built = fill(stack)
        stack.start_web()
        stack.start_transcriber()
        stack.start_worker()
        stack.wait_ready()
        quiet = write_microphone(scratch(), "quiet", np.zeros(SAMPLE_RATE, np.float32))
        launched = closing.enter_context(browser(closing.enter_context(sync_playwright()), quiet))
        gallery = Gallery(stack, launched, built)
        room = next(scene for scene in gallery.scenes if scene.name == "room")
        for who in COMPANY:
            gallery.open(closing.enter_context(gallery.seen(who, "light")), room)
        yield gallery


def picture(gallery: Gallery, scene: Scene, act: Callable[[Page], Any] | None) -> Image.Image:
    """The four views of a page, at half their size, on grey."""
    views = []
    for size in SIZES:
        for scheme in SCHEMES:
            with gallery.seen(scene.who, scheme, size) as page:
                gallery.open(page, scene)
                if scene.name in SPOKEN:
                    gallery.talk_at_once()
                if act:
                    act(page)
                # What is out of sight is not drawn.
                height = page.evaluate("() => document.documentElement.scrollHeight")
                page.set_viewport_size({"width": SIZES[size]["width"], "height": height})
                page.wait_for_timeout(500)
                whole = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
                shown = whole.crop((0, 0, whole.width, min(whole.height, LONGEST)))
                views.append(shown.resize((shown.width // 2, shown.height // 2), Image.Resampling.LANCZOS))
    return sheet(views)


def sheet(views: Sequence[Image.Image]) -> Image.Image:
    """Pictures beside each other on grey, in colours that keep what is small and rare: the speakers."""
    width = sum(view.width for view in views) + MARGIN * (len(views) + 1)
    height = max(view.height for view in views) + 2 * MARGIN
    whole = Image.new("RGB", (width, height), "#8a8d91")
    at = MARGIN
    for view in views:
        whole.paste(view, (at, MARGIN))
        at += view.width + MARGIN
    return whole.quantize(method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)


def main() -> None:
    wanted = sys.argv[1:]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with site() as gallery:
        room = next(scene for scene in gallery.scenes if scene.name == "room")
        pages = [(scene.name, scene, None) for scene in gallery.scenes]
        for name, scene, act in [*pages, *((name, room, act) for name, act in OPENED.items())]:
            if not wanted or name in wanted:
                with measured(gallery.stack) if name == "operations" else nullcontext():
                    picture(gallery, scene, act).save(FOLDER / f"{name}.png", optimize=True)
                print(name, flush=True)


if __name__ == "__main__":
    main()
