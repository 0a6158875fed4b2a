"""One socket's place in the changes of who is there.

They are numbered and not stored: a hole is filled with how everybody is now. When many come at once their changes
overtake each other, so a hole is one only when it has stood for a while.
"""

from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 0.7


class Company:
    """Passes on every change of presence in order; tells how everybody is now when one was missed.

    `later` has `overdue` called after PATIENCE_SECONDS.
    """

    def __init__(self, tell_everybody: Callable[[], Awaitable[None]], later: Callable[[], object]) -> None:
        self._tell_everybody = tell_everybody
        self._later = later
        self._number: int | None = None  # of the last change the page knows; None before `hello`
        self._newest = 0  # that is known to exist
        self._ahead: dict[int, Callable[[], Awaitable[None]]] = {}  # changes that came before one of a lower number
        self._waits = False

    def start_after(self, number: int) -> None:
        self._number = self._newest = number
        self._ahead.clear()

    async def heard(self, number: int, send_as_it_is: Callable[[], Awaitable[None]]) -> None:
        """An event of the layer is change `number`."""
        if self._number is None or number <= self._number:
            return
        self._ahead[number] = send_as_it_is
        while send := self._ahead.pop(self._number + 1, None):
            self._number += 1
            await send()
        if self._ahead:
            self._wait_for(number)

    async def noticed(self, newest: int) -> None:
        """The newest change is known to be `newest`."""
        if self._number is None:
            return
        if newest < self._number:  # Redis lost the last second
            await self._begin_anew(newest)
        elif newest > self._number:
            self._wait_for(newest)

    async def overdue(self) -> None:
        """What was missing has had time to come."""
        self._waits = False
        if self._number is not None and self._newest > self._number:
            await self._begin_anew(self._newest)

    def _wait_for(self, newest: int) -> None:
        self._newest = max(self._newest, newest)
        if not self._waits:
            self._waits = True
            self._later()

    async def _begin_anew(self, number: int) -> None:
        self.start_after(number)
        await self._tell_everybody()
