"""How a socket takes its messages: one after the other, and without a task for each.

Channels' own consumer makes a task for every message and waits for a set of them, which costs more than most messages
do: a caption goes to everybody in the room.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer

Message = dict[str, Any]


class Socket(AsyncWebsocketConsumer):
    """Subclasses answer `dispatch` for what the page says and for what the channel layer brings."""

    behind = False  # a message is being answered or waits: what the page said last may not be known yet

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        self.scope = scope
        self.base_send = send
        self.channel_layer = get_channel_layer()
        self.channel_name = await self.channel_layer.new_channel()
        self._arrived: asyncio.Queue[Message] = asyncio.Queue()

        async def bring(source: Callable[[], Awaitable[Message]]) -> None:
            while True:
                self._arrived.put_nowait(await source())

        async def told() -> Message:
            message: Message = await self.channel_layer.receive(self.channel_name)
            return message

        try:
            async with asyncio.TaskGroup() as bringing:
                bringing.create_task(bring(receive), name="from the page")
                bringing.create_task(bring(told), name="from the layer")
                while True:
                    self.behind = not self._arrived.empty()
                    message = await self._arrived.get()
                    self.behind = True
                    await self.dispatch(message)
        except* StopConsumer:
            pass

    def remind(self, seconds: float, kind: str) -> None:
        """Have a message of this kind answered in its turn after a while."""
        asyncio.get_running_loop().call_later(seconds, self._arrived.put_nowait, {"type": kind})
