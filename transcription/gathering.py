"""Calls of one script on their way to Redis: where there are many, those of a few milliseconds travel together.

A web process appends ten frames a second for every microphone; most of what a call of its own costs is the journey.
Who calls alone, one after the other, does not wait.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError

GATHER_SECONDS = 0.005  # against the 100 ms of a frame
MOST = 64  # calls in one journey

_Call = tuple[Sequence[str], Sequence[Any], "asyncio.Future[Any]"]


class Gathered:
    """Of one event loop."""

    def __init__(self, redis: "Redis", script: AsyncScript) -> None:
        self._redis: Any = redis
        self._script = script
        self._waiting: deque[_Call] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._many = False  # travelled together last time

    async def __call__(self, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """What the script answers; raises RedisError, for this call alone or for all of a broken journey."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((keys, arguments, answer))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="gathered calls")
        return await answer

    async def _send(self) -> None:
        while self._waiting:
            if self._many:
                await asyncio.sleep(GATHER_SECONDS)
            calls = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            self._many = len(calls) > 1
            try:
                answers = await self._travel(calls)
            except Exception as error:  # nobody may wait for ever
                answers = [error] * len(calls)
            for (_, _, answer), found in zip(calls, answers, strict=True):
                if answer.done():  # nobody waits any more
                    continue
                if isinstance(found, Exception):
                    answer.set_exception(found)
                else:
                    answer.set_result(found)

    async def _travel(self, calls: Sequence[_Call]) -> Sequence[Any]:
        async with self._redis.pipeline(transaction=False) as journey:
            for keys, arguments, _ in calls:
                journey.evalsha(self._script.sha, len(keys), *keys, *arguments)
            answers: list[Any] = await journey.execute(raise_on_error=False)
        if any(isinstance(answer, NoScriptError) for answer in answers):  # a Redis that started anew
            await self._redis.script_load(self._script.script)
            return await self._again(calls, answers)
        return answers

    async def _again(self, calls: Sequence[_Call], answers: Sequence[Any]) -> Sequence[Any]:
        missed = [number for number, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        found = dict(zip(missed, await self._travel([calls[number] for number in missed]), strict=True))
        return [found.get(number, answer) for number, answer in enumerate(answers)]
