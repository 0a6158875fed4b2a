"""The web process puts what it measured into Redis for as long as Daphne runs, and keeps the operators' history."""

import asyncio
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError
from twisted.internet import reactor as _reactor

from meetings.services import measurements, operations
from transcription.errors import BusUnavailable

reactor: Any = _reactor


def report_while_running() -> None:
    """Call before the reactor runs."""
    reactor.callWhenRunning(_start)


def _start() -> None:
    reporting = asyncio.ensure_future(_report())
    reactor.addSystemEventTrigger("before", "shutdown", reporting.cancel)


async def _report() -> None:
    while True:
        with suppress(RedisError, BusUnavailable):  # /ready says so, and the figures are late
            await measurements.report("web")
            await operations.remember()
        await asyncio.sleep(measurements.REPORT_SECONDS)
