"""Synchronous code inside the server must not close the connections of the sockets."""

from asgiref.sync import sync_to_async
from redis.asyncio import Redis

from meetings.redis import redis_client, with_redis


async def the_client() -> Redis:
    client: Redis = redis_client()
    return client


async def test_a_view_uses_a_client_of_its_own() -> None:
    shared = redis_client()
    assert await sync_to_async(with_redis)(the_client) is not shared
    assert redis_client() is shared
