"""Whether the clock of periodic work (Celery's beat) goes on: each time it asks for work, it says when."""

import time

from meetings.redis import blocking_redis, redis_client

ASKED_AT = "periodic:asked-at"  # seconds since the epoch
SILENT_SECONDS = 60.0  # it asks for something every two


def note() -> None:
    """Beat asked for a task just now; raises RedisError."""
    blocking_redis().set(ASKED_AT, time.time())


async def asked_at() -> float | None:
    """None where it never did; raises RedisError."""
    found = await redis_client().get(ASKED_AT)
    return float(found) if found else None


def is_silent(last: float | None) -> bool:
    return last is None or time.time() - last > SILENT_SECONDS
