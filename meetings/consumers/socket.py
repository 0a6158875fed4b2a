"""How a socket takes its messages: one after the other, and without a task for each.

Channels' own consumer makes a task for every message and waits for a set of them, which costs more than most messages
do: a caption goes to everybody in the room.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from autobahn.exception import Disconnected  # what Daphne speaks WebSocket with
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer

Message = dict[str, Any]
MAX_WAITING = 1_000  # messages of a page that are not answered yet: ten seconds of audio are a hundred…
MAX_WAITING_BYTES = 4 << 20  # …and at most 1 MB


def _unless_gone(send: Callable[[Message], Awaitable[None]]) -> Callable[[Message], Awaitable[None]]:
    """A page may go while it is answered. That it went comes as a message of its own, in its turn."""

    async def send_unless_gone(message: Message) -> None:
        with suppress(Disconnected):
            await send(message)

    return send_unless_gone


class Socket(AsyncWebsocketConsumer):
    """Subclasses answer `dispatch` for what the page says and for what the channel layer brings.

    A page that says more than can be answered is closed by `overrun`.
    """

    behind = False  # a message is being answered or waits: what the page said last may not be known yet

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        self.scope = scope
        self.base_send = _unless_gone(send)
        self.channel_layer = get_channel_layer()
        self.channel_name = await self.channel_layer.new_channel()
        self._arrived: asyncio.Queue[Message] = asyncio.Queue()
        self._waiting = self._waiting_bytes = 0  # of what the page said

        async def hear() -> None:
            while True:
                message = await receive()
                if self._count(message, 1):
                    self._arrived.put_nowait(message)
                else:
                    self._count(message, -1)
                    await self.overrun()

        async def be_told() -> None:
            while True:
                self._arrived.put_nowait(await self.channel_layer.receive(self.channel_name))

        try:
            async with asyncio.TaskGroup() as bringing:
                bringing.create_task(hear(), name="from the page")
                bringing.create_task(be_told(), name="from the layer")
                while True:
                    self.behind = not self._arrived.empty()
                    message = await self._arrived.get()
                    self.behind = True
                    self._count(message, -1)
                    await self.dispatch(message)
        except* StopConsumer:
            pass

    def _count(self, message: Message, by: int) -> bool:
        """Count a message of the page that waits, or does so no more (-1); False when it is one too many."""
        if message["type"] != "websocket.receive":
            return True
        self._waiting += by
        self._waiting_bytes += by * len(message.get("bytes") or message.get("text") or "")
        return self._waiting <= MAX_WAITING and self._waiting_bytes <= MAX_WAITING_BYTES

    async def overrun(self) -> None:
        """Close; called again for each further message, which is dropped."""
        raise NotImplementedError

    def remind(self, seconds: float, kind: str) -> None:
        """Have a message of this kind answered in its turn after a while."""
        asyncio.get_running_loop().call_later(seconds, self._arrived.put_nowait, {"type": kind})
