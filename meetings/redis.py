"""The process's connections to Redis: one client per event loop, and short-lived ones for synchronous code."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from django.conf import settings
from redis import Redis as BlockingRedis
from redis.asyncio import BlockingConnectionPool, Redis

from transcription.bus import AudioBus

R = TypeVar("R")
MAX_CONNECTIONS = 64  # of a client; calls beyond it wait for one, where redis-py's own pool refuses the 101st

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, Redis]" = WeakKeyDictionary()
_buses: "WeakKeyDictionary[asyncio.AbstractEventLoop, AudioBus]" = WeakKeyDictionary()
_own: ContextVar[Redis | None] = ContextVar("own", default=None)  # of a synchronous caller


def redis_client() -> Any:  # redis-py's types cannot tell that answers are bytes
    """Times out after 5 s instead of hanging on a dead connection."""
    if own := _own.get():
        return own
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = _new_client()
    return _clients[loop]


def _new_client() -> Redis:
    pool = BlockingConnectionPool.from_url(
        settings.REDIS_URL, max_connections=MAX_CONNECTIONS, timeout=5, socket_timeout=5, socket_connect_timeout=5
    )
    return Redis.from_pool(pool)


@cache
def blocking_redis() -> BlockingRedis:
    """For synchronous code with one short question: a pool of connections that threads share."""
    return BlockingRedis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def audio_bus() -> AudioBus:
    if own := _own.get():
        return AudioBus(own)
    loop = asyncio.get_running_loop()
    if loop not in _buses:
        _buses[loop] = AudioBus(redis_client())
    return _buses[loop]


def with_redis(call: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run an async call that uses `redis_client` from synchronous code, on a client of its own.

    A view's call runs in the server's event loop: closing the loop's client would cut everybody's.
    """

    async def run() -> R:
        async with _new_client() as client:
            mine = _own.set(client)
            try:
                return await call()
            finally:
                _own.reset(mine)

    return async_to_sync(run)()
