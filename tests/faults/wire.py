"""Bare sockets, for what no page would send."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from meetings.protocol.frames import FRAME_HEADER
from tests.faults.sockets import Ticket


@asynccontextmanager
async def raw(ticket: Ticket, kind: str, origin: str | None = "", **headers: str) -> AsyncIterator[ClientConnection]:
    """A bare socket; `origin` "" is the right one."""
    path = f"/ws/meetings/{ticket.code}/" + ("audio/" if kind == "audio" else "")
    url = ticket.base_url.replace("http", "ws", 1) + path
    wanted = ticket.base_url if origin == "" else origin
    allowed = None if wanted is None else Origin(wanted)
    cookies = {"Cookie": f"sessionid={ticket.session}", **headers}
    async with connect(url, origin=allowed, additional_headers=cookies, max_size=None) as wire:
        yield wire


async def answer(wire: ClientConnection, kind: str = "error", seconds: float = 10.0) -> dict[str, object]:
    """The next message of a kind, or {"close": code}."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                message: dict[str, object] = json.loads(await wire.recv())
                if message["type"] == kind:
                    return message
    except ConnectionClosed:
        return {"close": wire.close_code}


def header(first_sample: int = 0, version: int = 1, flags: int = 0) -> bytes:
    return FRAME_HEADER.pack(version, flags, 0, 0, first_sample)
