"""A real Chromium tab that speaks: the page is the product's own, only its microphone's samples are numbered.

The frames that the browser's audio thread gives to the page get the numbers of the scripted engine, so that what the
page captures, keeps and sends is counted exactly.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from playwright.async_api import Error, Page, async_playwright

from tests.e2e.browsers import QUIET, chromium_path
from tests.faults.pages import talking
from tests.faults.sockets import Ticket

NUMBERS_A_LOAD = 5_000  # frames that one load of the page may capture

# Writes the counters of `talking` over what the microphone gave, and remembers over reloads how many frames each load
# of the page took while it was not muted.
MICROPHONE = """
if (location.protocol.startsWith("http")) {
  let load = 0, frames = 0, muted = true;
  const number = ({ firstSample, pcm }) => {
    load ||= sessionStorage.loads = Number(sessionStorage.loads || 0) + 1;
    const index = firstSample / pcm.length;
    const counter = index % 20 < 12 ? (load - 1) * NUMBERS_A_LOAD + index + 1 : 0;
    pcm.fill(counter)[0] = -counter;
  };
  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(...options) {
      super(...options);
      const port = this.port;
      Object.defineProperty(port, "onmessage", {
        set: (handler) => {
          port.addEventListener("message", (event) => { number(event.data); handler(event); });
          port.start();
        },
      });
    }
  };
  addEventListener("microphone:changed", (event) => {
    muted = event.detail.state !== "on";
  });
  addEventListener("microphone:heard", () => {
    frames++;
    if (!muted) sessionStorage["heard" + load] = frames;
  });
}
""".replace("NUMBERS_A_LOAD", str(NUMBERS_A_LOAD))
HEARD = "[...Array(Number(sessionStorage.loads || 0)).keys()].map((n) => Number(sessionStorage['heard' + (n + 1)]))"


class Tab:
    """One tab in a room; `said` is known after `look`."""

    def __init__(self, page: Page, ticket: Ticket) -> None:
        self.page = page
        self.ticket = ticket
        self.stream_id = ""
        self.said: list[int] = []

    @property
    def room(self) -> str:
        return f"{self.ticket.base_url}/m/{self.ticket.code}/room/"

    async def enter(self) -> None:
        await self.page.add_init_script(MICROPHONE)
        await self.page.goto(self.room)

    async def speak(self) -> None:
        await self.page.get_by_role("button", name="Join with microphone").click()

    async def try_to_reload(self) -> None:
        """As a person does who believes that it helps, with the server away or not."""
        with suppress(Error):
            await self.page.goto(self.room)

    async def notice(self) -> str:
        """What the page says at the top now; empty when all is well."""
        shown = self.page.locator(".notice:not([hidden])")
        return " ".join((await shown.all_inner_texts())[:1]).strip()

    async def look(self) -> None:
        """Read what the page has captured so far, and for which stream."""
        counts = await self.page.evaluate(HEARD)
        numbered = [(load, index) for load, count in enumerate(counts) for index in range(count)]
        self.said = [load * NUMBERS_A_LOAD + talking(index) for load, index in numbered if talking(index)]
        self.stream_id = await self.page.evaluate(f"JSON.parse(sessionStorage['stream:{self.ticket.code}']).streamId")


@asynccontextmanager
async def open_tab(ticket: Ticket) -> AsyncIterator[Tab]:
    """A browser of its own with a fake device, signed in as the ticket's participant."""
    async with async_playwright() as playwright:
        arguments = [*QUIET, "--use-fake-device-for-media-stream"]
        launched = await playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        context = await launched.new_context(permissions=["microphone"])
        context.set_default_timeout(20_000)
        await context.add_cookies([{"name": "sessionid", "value": ticket.session, "url": ticket.base_url}])
        tab = Tab(await context.new_page(), ticket)
        await tab.enter()
        yield tab
        await launched.close()
