"""A page that goes while it is answered is seen to go: nothing that its leaving does is left out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from autobahn.exception import Disconnected
from channels.exceptions import StopConsumer

from meetings.consumers.socket import Message, Socket


class Answering(Socket):
    left = False

    async def dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.disconnect":
            self.left = True
            raise StopConsumer
        await self.send(text_data="an answer")


def said(*kinds: str) -> Callable[[], Awaitable[Message]]:
    async def each() -> AsyncIterator[Message]:
        for kind in kinds:
            yield {"type": kind, "text": ""}
        await asyncio.Event().wait()

    messages = each()
    return lambda: anext(messages)


async def test_an_answer_to_a_page_that_is_gone_does_not_end_its_socket_before_it_has_left() -> None:
    async def gone(_message: Message) -> None:
        raise Disconnected("Attempt to send on a closed protocol")

    socket = Answering()
    await socket({"type": "websocket"}, said("websocket.receive", "websocket.disconnect"), gone)
    assert socket.left
