"""The channel layer of rooms."""

from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer


class RoomsLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # the package has no types
    """Decodes a group's message once for all its sockets in this process; none of them may change it."""

    _packed: bytes = b""
    _message: Any = None

    def deserialize(self, message: bytes) -> Any:
        if message is not self._packed:
            self._packed, self._message = message, super().deserialize(message)
        return self._message
