"""Pictures of every page for docs/screenshots/, on a desk and on a phone, light and dark.

`python -m tests.e2e.screenshots` draws all, names of pages as arguments these only.
One picture a page: the four views beside each other, at half their size.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from config.launch.stores import stores
from tests.e2e.browsers import browser
from tests.e2e.gallery import SCHEMES, SIZES, Gallery, Scene, fill
from tests.stack import Stack, emptied_redis, new_database

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
MARGIN = 24
COLOURS = 96
SPOKEN = {"room", "overlay"}  # pages on which people speak at this moment
COMPANY = ("member", "other member")  # who else is in the room


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
        launched = closing.enter_context(browser(closing.enter_context(sync_playwright())))
        gallery = Gallery(stack, launched, built)
        room = next(scene for scene in gallery.scenes if scene.name == "room")
        for who in COMPANY:
            gallery.open(closing.enter_context(gallery.seen(who, "light")), room)
        yield gallery


def picture(gallery: Gallery, scene: Scene) -> Image.Image:
    """The four views of a page, at half their size, on grey."""
    views = []
    for size in SIZES:
        for scheme in SCHEMES:
            with gallery.seen(scene.who, scheme, size) as page:
                gallery.open(page, scene)
                if scene.name in SPOKEN:
                    gallery.talk_at_once()
                    page.wait_for_timeout(300)
                whole = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
                views.append(whole.resize((whole.width // 2, whole.height // 2), Image.Resampling.LANCZOS))
    return sheet(views)


def sheet(views: Sequence[Image.Image]) -> Image.Image:
    """Pictures beside each other on grey."""
    width = sum(view.width for view in views) + MARGIN * (len(views) + 1)
    height = max(view.height for view in views) + 2 * MARGIN
    whole = Image.new("RGB", (width, height), "#8a8d91")
    at = MARGIN
    for view in views:
        whole.paste(view, (at, MARGIN))
        at += view.width + MARGIN
    return whole.quantize(COLOURS, dither=Image.Dither.NONE)


def main() -> None:
    wanted = sys.argv[1:]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with site() as gallery:
        for scene in gallery.scenes:
            if not wanted or scene.name in wanted:
                picture(gallery, scene).save(FOLDER / f"{scene.name}.png", optimize=True)
                print(scene.name)


if __name__ == "__main__":
    main()
