"""Handshakes stand in line: so many a second, so that those who are connected do not feel who wants to be.

A handshake that would wait too long is answered with 503 before it costs anything; pages come back by themselves.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daphne import http_protocol
from twisted.internet import reactor as _reactor

from config.bodies import BoundedRequest

PER_SECOND = 50.0  # one takes 5 to 10 ms of this process
BURST = 10  # without waiting
LONGEST_WAIT_S = 3.0
LATE_S = 0.05
reactor: Any = _reactor


@dataclass(slots=True)
class Line:
    """When the next handshake may begin; `clock` is in seconds."""

    clock: Callable[[], float] = time.monotonic
    next_at: float = 0.0

    def wait_s(self) -> float | None:
        """How long this one waits for its turn; None when the line is too long for it."""
        now = self.clock()
        turn = max(self.next_at, now - BURST / PER_SECOND)
        if turn - now > LONGEST_WAIT_S:
            return None
        self.next_at = turn + 1 / PER_SECOND
        return max(0.0, turn - now)

    def late_by(self, seconds: float) -> None:
        """A turn began late, so the process is busy: all later ones are put off."""
        now = self.clock()
        self.next_at = min(max(self.next_at, now) + seconds, now + LONGEST_WAIT_S + 1.0)


line = Line()


class LinedRequest(BoundedRequest):
    """A request that waits for its turn when it wants to become a WebSocket."""

    def process(self) -> None:
        wait_s = line.wait_s() if self.requestHeaders.hasHeader(b"upgrade") else 0.0
        if wait_s is None:
            self._refuse()
        elif wait_s:
            reactor.callLater(wait_s, self._begin, line.clock() + wait_s)
        else:
            super().process()

    def _begin(self, turn: float) -> None:
        if (late := line.clock() - turn) > LATE_S:
            line.late_by(late)
        if self.channel is not None:  # it did not leave the line
            super().process()

    def _refuse(self) -> None:
        self.setResponseCode(503)
        self.setHeader(b"retry-after", b"1")
        self.setHeader(b"connection", b"close")
        self.finish()


def limit_handshakes() -> None:
    """Have Daphne make its requests of this class."""
    http_protocol.WebRequest = LinedRequest
