"""Script calls that travel together, against a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from transcription.gathering import Gathered

SCRIPT = "if ARGV[1] == 'wrong' then return redis.error_reply('no') end return {KEYS[1], ARGV[1]}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def calls(redis: Redis) -> Gathered:
    return Gathered(redis, redis.register_script(SCRIPT))


async def journeys(redis: Redis) -> int:
    """Reads of a socket by the server so far, in which it may find many commands."""
    return int((await redis.info("stats"))["total_reads_processed"])


async def test_each_gets_its_own_answer_and_few_journeys_are_made(redis: Redis, calls: Gathered) -> None:
    await calls(["first"], [0])  # loads the script
    before = await journeys(redis)
    answers = await asyncio.gather(*(calls([f"key {number}"], [number]) for number in range(600)))
    assert answers == [[f"key {number}".encode(), str(number).encode()] for number in range(600)]
    assert await journeys(redis) - before < 60


async def test_a_redis_that_forgot_the_script_is_given_it_again(redis: Redis, calls: Gathered) -> None:
    await calls(["key"], [1])
    await redis.script_flush()
    assert list(await asyncio.gather(calls(["a"], [1]), calls(["b"], [2]))) == [[b"a", b"1"], [b"b", b"2"]]


async def test_an_error_is_of_its_own_call(calls: Gathered) -> None:
    answers = await asyncio.gather(calls(["a"], [1]), calls(["b"], ["wrong"]), return_exceptions=True)
    assert answers[0] == [b"a", b"1"]
    assert isinstance(answers[1], ResponseError)


async def test_who_gives_up_disturbs_nobody(calls: Gathered) -> None:
    hasty = asyncio.create_task(calls(["a"], [1]))
    patient = asyncio.create_task(calls(["b"], [2]))
    await asyncio.sleep(0)
    hasty.cancel()
    with suppress(asyncio.CancelledError):
        await hasty
    assert await patient == [b"b", b"2"]


async def test_all_of_a_broken_journey_are_told() -> None:
    away = Redis.from_url("redis://127.0.0.1:1")
    calls = Gathered(away, away.register_script(SCRIPT))
    answers = await asyncio.gather(calls(["a"], [1]), calls(["b"], [2]), return_exceptions=True)
    assert all(isinstance(answer, RedisError) for answer in answers)
    await away.aclose()
