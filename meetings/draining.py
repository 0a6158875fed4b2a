"""Going down in order: this process is not ready any more, and every open socket says goodbye before it stops."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Farewell = Callable[[], Awaitable[None]]


@dataclass
class Drain:
    """The open sockets of a process, and whether it is going down."""

    started: bool = False
    _farewells: set[Farewell] = field(default_factory=set)

    def enrol(self, farewell: Farewell) -> None:
        """Have `farewell` called once when the process is told to stop."""
        self._farewells.add(farewell)

    def forget(self, farewell: Farewell) -> None:
        self._farewells.discard(farewell)

    async def start(self) -> None:
        self.started = True
        await asyncio.gather(*(farewell() for farewell in self._farewells), return_exceptions=True)


drain = Drain()
