"""One socket's place in the changes of who is there.

They are numbered and not stored: a hole is filled with how everybody is now.
"""

from collections.abc import Awaitable, Callable


class Company:
    """Passes on every change of presence; tells how everybody is now when one was missed."""

    def __init__(self, tell_everybody: Callable[[], Awaitable[None]]) -> None:
        self._tell_everybody = tell_everybody
        self._number: int | None = None  # of the last change the page knows; None before `hello`

    def start_after(self, number: int) -> None:
        self._number = number

    async def heard(self, number: int, send_as_it_is: Callable[[], Awaitable[None]]) -> None:
        """An event of the layer is change `number`."""
        if self._number is None or number <= self._number:
            return
        if number == self._number + 1:
            self._number = number
            await send_as_it_is()
        else:
            await self.noticed(number)

    async def noticed(self, newest: int) -> None:
        """The newest change is known to be `newest`."""
        if self._number is not None and newest != self._number:  # lower when Redis lost the last second
            self._number = newest
            await self._tell_everybody()
