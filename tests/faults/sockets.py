"""A socket that comes back by itself, as the pages' does (`frontend/src/net/lasting-socket.ts`)."""

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Origin

PING_EVERY_S = 5.0
SILENT_AFTER_S = 15.0
CONNECT_WITHIN_S = 8.0
CERTAIN_REFUSALS = range(4400, 4500)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What lets one participant in: the address of the product, the meeting and the session."""

    base_url: str
    code: str
    session: str
    participant: str


class LastingSocket:
    """A socket that comes back until it is closed or refused."""

    path = "/ws/meetings/{code}/"
    tick_s = 0.05

    def __init__(self, ticket: Ticket, chance: random.Random) -> None:
        self.ticket = ticket
        self.refused: int | None = None
        self.closes: list[int] = []
        self.connections = 0
        self.since_error = 0  # messages since the last refusal
        self.history: list[tuple[float, str]] = []  # monotonic time, what the page would show
        self.reads = True
        self._chance = chance
        self._port = 0
        self._wire: ClientConnection | None = None
        self._outbox: deque[str | bytes] = deque()  # bounded by `buffered_bytes`, as the page does
        self._wake = asyncio.Event()
        self._attempt = 0
        self._last_ping = self._last_heard = 0.0
        self._echo = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        base = f"http://127.0.0.1:{self._port}" if self._port else self.ticket.base_url
        return base.replace("http", "ws", 1) + self.path.format(code=self.ticket.code)

    def through(self, port: int) -> None:
        """Take another way to the product than the other pages."""
        self._port = port

    @property
    def is_open(self) -> bool:
        return self._wire is not None

    @property
    def buffered_bytes(self) -> int:
        sent = self._wire.transport.get_write_buffer_size() if self._wire else 0
        return sent + sum(len(item) for item in self._outbox)

    def open(self) -> None:
        self._spawn(self._live())
        self._spawn(self._ticking())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name=type(self).__name__))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        failures = [task.exception() for task in self._tasks if not task.cancelled()]
        self._tasks.clear()
        self.drop()
        for failure in failures:
            if failure is not None:
                raise failure

    def drop(self) -> None:
        """Give the connection up without a closing handshake."""
        if self._wire is not None:
            self._wire.transport.abort()

    def stop_reading(self) -> None:
        """Leave what comes in the kernel's buffer, and go on sending."""
        self.reads = False
        if self._wire is not None:
            self._wire.transport.pause_reading()

    def read_again(self) -> None:
        self.reads = True
        if self._wire is not None:
            self._wire.transport.resume_reading()

    @property
    def local_port(self) -> int:
        """Of the connection; 0 when there is none."""
        return int(self._wire.local_address[1]) if self._wire else 0

    def say(self, **message: Any) -> None:
        self.send(json.dumps(message))

    def send(self, data: str | bytes) -> None:
        if self._wire is not None:
            self._outbox.append(data)
            self._wake.set()

    def show(self, state: str) -> None:
        if not self.history or self.history[-1][1] != state:
            self.history.append((time.monotonic(), state))

    def shown_since(self, moment: float) -> list[str]:
        return [state for at, state in self.history if at >= moment]

    # ── What subclasses answer ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self) -> None: ...

    def lost(self) -> None: ...

    def tick(self) -> None: ...

    def heard(self, event: dict[str, Any]) -> None: ...

    # ── Connection ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _live(self) -> None:
        while self.refused is None:
            code = await self._one_connection()
            self._wire = None
            self._outbox.clear()
            if code is not None:
                self.closes.append(code)
            if code in CERTAIN_REFUSALS:
                self.refused = code
                self.show(f"refused {code}")
                return
            self.lost()
            await asyncio.sleep(self._backoff(soon=code == 1012))

    def _backoff(self, *, soon: bool) -> float:
        if soon:
            return self._chance.random() * 0.5
        self._attempt += 1
        return self._chance.random() * min(4.0, 0.5 * 2.0 ** (self._attempt - 1))

    async def _one_connection(self) -> int | None:
        """Connects and reads until the end; returns the close code, None when there was no connection."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                wire = await connect(
                    self.url,
                    origin=Origin(self.ticket.base_url),
                    additional_headers={"Cookie": f"sessionid={self.ticket.session}"},
                    ping_interval=None,
                    compression=None,
                    close_timeout=1,
                    open_timeout=None,
                )
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, EOFError):
            return None
        self.connections += 1
        self._wire = wire
        self._last_ping = self._last_heard = time.monotonic()
        sender = asyncio.create_task(self._deliver(wire), name="sender")
        self.opened()
        try:
            await self._read(wire)
        finally:
            sender.cancel()
            await asyncio.wait([sender])
        return wire.close_code

    async def _read(self, wire: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                while not self.reads:
                    await asyncio.sleep(0.05)
                event = json.loads(await wire.recv())
                self._last_heard = time.monotonic()
                if event["type"] != "error":
                    self._attempt = 0
                    self.since_error += 1
                else:
                    self.since_error = 0
                if event["type"] == "pong":
                    self._echo = event["n"]
                else:
                    self.heard(event)

    async def _deliver(self, wire: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                while self._outbox:
                    await wire.send(self._outbox.popleft())
                self._wake.clear()
                await self._wake.wait()

    async def _ticking(self) -> None:
        while True:
            await asyncio.sleep(self.tick_s)
            now = time.monotonic()
            if self._wire is not None:
                if now - self._last_ping >= PING_EVERY_S:
                    self._last_ping = now
                    self.say(type="ping", echo=self._echo)
                if self.reads and now - self._last_heard > SILENT_AFTER_S:
                    self.drop()
            self.tick()
