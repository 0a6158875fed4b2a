"""What programs change is told to the room."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from redis.exceptions import RedisError

from meetings.redis import with_redis

logger = logging.getLogger(__name__)


def tell_room(announce: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """It is stored: where Redis is away, the room learns of it with the next."""
    try:
        with_redis(announce)
    except (RedisError, OSError) as error:
        logger.warning("change not announced, its number will be missed (%s)", type(error).__name__)
