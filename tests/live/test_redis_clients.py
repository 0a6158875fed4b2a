"""Synchronous code inside the server must not close the connections of the sockets."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from redis.asyncio import Redis
from redis.exceptions import RedisError

from meetings import layer
from meetings.redis import redis_client, with_redis


async def the_client() -> Redis:
    client: Redis = redis_client()
    return client


async def test_a_view_uses_a_client_of_its_own() -> None:
    shared = redis_client()
    assert await sync_to_async(with_redis)(the_client) is not shared
    assert redis_client() is shared


async def test_more_calls_at_once_than_connections_wait_for_one() -> None:
    """A room full of sockets calls at the same moment: nobody is told that Redis is away."""
    calls = [redis_client().blpop("nothing", timeout=0.1) for _ in range(300)]
    assert await asyncio.gather(*calls) == [None] * 300


async def test_a_layer_whose_redis_does_not_answer_says_so_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "ANSWER_SECONDS", 0.2)

    async def never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await asyncio.start_server(never, "127.0.0.1")
    host, port = server.sockets[0].getsockname()
    rooms = layer.RoomsLayer(hosts=[{"address": f"redis://{host}:{port}/0", "socket_timeout": None}])
    with pytest.raises(RedisError):
        await rooms.group_send("room.1", {"type": "room.event"})
    with pytest.raises(RedisError):
        await rooms.new_channel()
    assert rooms.channels == {}
    server.close()
