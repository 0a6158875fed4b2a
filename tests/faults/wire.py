"""Bare sockets, for what no page would send."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from meetings.protocol.frames import FRAME_HEADER
from tests.faults.sockets import Ticket

PATHS = {"room": "", "audio": "audio/", "overlay": "overlay/"}


@asynccontextmanager
async def raw(ticket: Ticket, kind: str, origin: str | None = "", **query: str) -> AsyncIterator[ClientConnection]:
    """A bare socket; `origin` "" is the right one."""
    wanted = ticket.base_url if origin == "" else origin
    allowed = None if wanted is None else Origin(wanted)
    cookies = {"Cookie": f"sessionid={ticket.session}"}
    url = socket_url(ticket.base_url, f"/ws/meetings/{ticket.code}/{PATHS[kind]}", query)
    async with connect(url, origin=allowed, additional_headers=cookies, max_size=None) as wire:
        yield wire


@asynccontextmanager
async def program(base_url: str, token: str, **query: str) -> AsyncIterator[ClientConnection]:
    """The socket of a program with a token."""
    url = socket_url(base_url, "/v1/stt/stream", query)
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, max_size=None) as wire:
        yield wire


def socket_url(base_url: str, path: str, query: dict[str, str]) -> str:
    return str(httpx.URL(base_url.replace("http", "ws", 1) + path, params=query))


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
