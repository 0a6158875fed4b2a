"""Who transcribes: each transcriber reports every two seconds, and is absent when it stops doing so."""

import time
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Struct
from redis.exceptions import RedisError

from meetings.redis import redis_client, with_redis
from transcription.condition import Condition

REPORTS = "transcribers"  # hash of name → TranscriberReport
EXPIRES_SECONDS = 8.0
GLANCE_SECONDS = 1.0
TranscriberState = Literal["ready", "reduced", "away", "loading", "absent"]
BEST_FIRST: tuple[Condition, ...] = ("ready", "reduced", "away", "loading")


class TranscriberReport(Struct):
    """What one transcriber says of itself."""

    at: float  # seconds since the epoch
    lag_ms: int
    streams: int
    description: str  # model, device, compute type
    condition: Condition


@dataclass
class Glance:
    """What this process last saw of all transcribers."""

    state: TranscriberState = "absent"
    lag_ms: int = 0
    at: float = 0.0  # monotonic


_seen = Glance()


async def report(name: str, sheet: TranscriberReport) -> None:
    await redis_client().hset(REPORTS, name, msgspec.json.encode(sheet))


async def withdraw(name: str) -> None:
    await redis_client().hdel(REPORTS, name)


async def reports() -> dict[str, TranscriberReport]:
    """The living ones; dead ones are forgotten."""
    found: dict[str, TranscriberReport] = {}
    for name, payload in (await redis_client().hgetall(REPORTS)).items():
        sheet = msgspec.json.decode(payload, type=TranscriberReport)
        if time.time() - sheet.at < EXPIRES_SECONDS:
            found[name.decode()] = sheet
        else:
            await redis_client().hdel(REPORTS, name)
    return found


def summary(sheets: list[TranscriberReport]) -> tuple[TranscriberState, int]:
    """The state of all together and the lag in ms of the slowest."""
    if not sheets:
        return "absent", 0
    loaded = [sheet for sheet in sheets if sheet.condition != "loading"]
    best = min((sheet.condition for sheet in sheets), key=BEST_FIRST.index)
    return best, max((sheet.lag_ms for sheet in loaded), default=0)


async def glance() -> tuple[TranscriberState, int]:
    """`summary` of all, at most a second old: every socket asks with every heartbeat."""
    if time.monotonic() - _seen.at > GLANCE_SECONDS:
        _seen.state, _seen.lag_ms = summary(list((await reports()).values()))
        _seen.at = time.monotonic()
    return _seen.state, _seen.lag_ms


def transcriber_state() -> TranscriberState:
    """For readiness; "absent" also when Redis is away."""
    try:
        return with_redis(_state)
    except RedisError:
        return "absent"


async def _state() -> TranscriberState:
    return summary(list((await reports()).values()))[0]
