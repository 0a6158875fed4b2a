"""One clock for all servers, and how long a page's audio was on its way.

The servers' common clock is Redis's: it stamps every frame as it enters the bus. Each process keeps its own clock's
difference to it, from the question with the shortest round trip of the last ones; the error is at most half of that
round trip. A page's clock is never compared with ours: of it only differences are used.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

KEPT = 16  # answers of a server's clock


@dataclass
class SharedClock:
    """Milliseconds since the epoch on the bus's clock; the process's own clock until `ask` was answered once."""

    _monotonic: Callable[[], float] = time.monotonic
    _answers: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=KEPT))  # round trip, offset

    async def ask(self, time_of_bus: Callable[[], Awaitable[float]]) -> None:
        """Compare once; `time_of_bus` answers in ms since the epoch."""
        before = self._monotonic() * 1_000
        theirs = await time_of_bus()
        after = self._monotonic() * 1_000
        self._answers.append((after - before, theirs - (before + after) / 2))

    def now_ms(self) -> float:
        if not self._answers:
            return time.time() * 1_000
        _, offset = min(self._answers)
        return self._monotonic() * 1_000 + offset


bus_clock = SharedClock()  # of this process, which has one bus

WINDOW_SECONDS = 60.0
SLICES = 6


@dataclass
class FrameDelay:
    """How long one stream's frames take from page to server, in ms.

    A frame's last sample and its age say when the page sent it, on the page's own sample clock. Against our clock that
    is the delay plus an unknown constant; the least of the last minute stands for the quietest way, which takes half
    of the shortest round trip. What a frame took longer is its jitter, known exactly. Clocks that drift apart (some
    3 ms a minute) fall out of the window with it; audio that a page dropped counts as delay until then.
    """

    _least: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=SLICES))  # slice number, offset
    _round_trips: deque[float] = field(default_factory=lambda: deque(maxlen=SLICES * 2))

    def round_trip(self, ms: float) -> None:
        self._round_trips.append(ms)

    def of(self, sent_ms: float, received_ms: float) -> float:
        """`sent_ms` on the page's sample clock, `received_ms` on any monotonic clock of ours."""
        offset = received_ms - sent_ms
        number = int(received_ms / 1_000 * SLICES / WINDOW_SECONDS)
        if self._least and self._least[-1][0] == number:
            self._least[-1] = (number, min(self._least[-1][1], offset))
        else:
            self._least.append((number, offset))
        least = min(value for kept, value in self._least if kept > number - SLICES)
        return offset - least + min(self._round_trips, default=0.0) / 2
