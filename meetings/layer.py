"""The channel layer of rooms."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import TimeoutError as RedisTimeoutError

ANSWER_SECONDS = 5.0  # its connections have no time limit of their own, as subscriptions are silent for long


class RoomsLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # the package has no types
    """Decodes a group's message once for all its sockets in this process; none of them may change it.

    Raises RedisError, also where Redis does not answer.
    """

    _packed: bytes = b""
    _message: Any = None

    def deserialize(self, message: bytes) -> Any:
        if message is not self._packed:
            self._packed, self._message = message, super().deserialize(message)
        return self._message

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        async with _in_time():
            await self._get_layer().group_send(group, message)

    async def group_add(self, group: str, channel: str) -> None:
        async with _in_time():
            await self._get_layer().group_add(group, channel)

    async def new_channel(self, prefix: str = "specific.") -> str:
        layer = self._get_layer()
        channel = f"{layer.prefix}{prefix}{uuid.uuid4().hex}"
        try:
            async with _in_time():
                await layer._subscribe_to_channel(channel)  # noqa: SLF001  (what its own new_channel does)
        except BaseException:
            layer.channels.pop(channel, None)  # nobody will ever read it
            raise
        return channel


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except TimeoutError as error:
        raise RedisTimeoutError(f"no answer within {ANSWER_SECONDS:.0f} s") from error
