"""One socket's place in a numbered log of the store."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from meetings.database import in_database
from meetings.measures import holes_filled

Entry = TypeVar("Entry")


class Following(Generic[Entry]):
    """Sends every entry exactly once and in order: the layer's events are hints, the store fills holes.

    `read(number)` returns at most `page` entries after a number, in order; it runs in a database thread.
    """

    def __init__(
        self,
        read: Callable[[int], list[Entry]],
        number: Callable[[Entry], int],
        send: Callable[[Entry], Awaitable[None]],
        page: int,
    ) -> None:
        self._read = read
        self._number = number
        self._send = send
        self._page = page
        self.last: int | None = None  # number of the last entry sent; None before `hello`

    async def start_after(self, number: int, found: list[Entry] | None = None) -> None:
        """Begin; `found` is the first page after the number where it has been read already."""
        self.last = number
        if found is None or await self._send_page(found):
            await self.catch_up()

    async def catch_up(self) -> None:
        """Send all stored entries after the last one sent."""
        while self.last is not None:
            if not await self._send_page(await in_database(self._read, self.last)):
                return

    async def _send_page(self, entries: list[Entry]) -> bool:
        """Whether there may be more."""
        for entry in entries:
            await self._send(entry)
            self.last = self._number(entry)
        return len(entries) >= self._page

    async def heard(self, number: int, send_as_it_is: Callable[[], Awaitable[None]]) -> None:
        """An event of the layer carries entry `number`: pass it on, read what is missing before it, or drop it."""
        if self.last is None or number <= self.last:
            return
        if number == self.last + 1:
            self.last = number
            await send_as_it_is()
        else:
            await self._fill()

    async def noticed(self, newest: int) -> None:
        """The store is known to have entries up to `newest`."""
        if self.last is not None and newest > self.last:
            await self._fill()

    async def _fill(self) -> None:
        """A hint was lost: the store has what it stood for."""
        before = self.last or 0
        await self.catch_up()
        holes_filled.inc((self.last or 0) - before)
