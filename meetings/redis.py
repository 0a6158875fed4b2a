"""The process's connections to Redis: one client per event loop, and short-lived ones for synchronous code."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from django.conf import settings
from redis.asyncio import Redis

from transcription.bus import AudioBus

R = TypeVar("R")

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, Redis]" = WeakKeyDictionary()


def redis_client() -> Redis:
    """Times out after 5 s instead of hanging on a dead connection."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5)
    return _clients[loop]


def audio_bus() -> AudioBus:
    return AudioBus(redis_client())


def with_redis(call: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run an async call that uses `redis_client` from synchronous code and close its connections."""

    async def run() -> R:
        try:
            return await call()
        finally:
            if client := _clients.pop(asyncio.get_running_loop(), None):
                await client.aclose()

    return async_to_sync(run)()
