"""What all processes measured, in one place: each puts its sheet into Redis, any web process reads all.

A process that stops is missing after a while; nobody has to be asked over the network.
"""

import os
import socket
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from prometheus_client import generate_latest

from meetings.measures import latency, registry
from meetings.protocol.events import LatencyView, StageView
from meetings.redis import audio_bus, redis_client
from transcription.clocks import bus_clock
from transcription.latency import STAGES, WHOLE, Distributions, Source, merged

SHEETS = "measurements"  # hash of process → Sheet
REPORT_SECONDS = 2.0
EXPIRES_SECONDS = 10.0
GLANCE_SECONDS = 1.0  # every socket of a meeting asks with every heartbeat
ProcessKind = Literal["web", "transcriber", "worker"]

_glances: dict[UUID, tuple[float, LatencyView | None]] = {}  # by meeting, of the last second; when seen (monotonic)


class Sheet(Struct):
    """All that one process measured; latency over the last minute, the exposition since its start."""

    at: float  # seconds since the epoch
    exposition: str  # in Prometheus's text format
    whole: Distributions
    streams: list[tuple[Source, Distributions]]


class MeetingSheet(Struct):
    """The latency of one meeting's captions as far as one process knows it."""

    at: float
    latency: Distributions


def process_name(kind: ProcessKind) -> str:
    return f"{kind}-{socket.gethostname()}-{os.getpid()}"


def _meeting_key(meeting_id: UUID | str) -> str:
    return f"latency:{meeting_id}"


async def report(kind: ProcessKind) -> None:
    """Write this process's sheet and compare its clock; raises RedisError, BusUnavailable."""
    await bus_clock.ask(audio_bus().time_ms)
    name, now = process_name(kind), time.time()
    by_source = latency.by_source()
    sheet = Sheet(now, generate_latest(registry).decode(), merged(by_source.values()), list(by_source.items()))
    async with redis_client().pipeline(transaction=False) as orders:
        orders.hset(SHEETS, name, msgspec.json.encode(sheet))
        for meeting_id, distributions in _by_meeting(by_source.items()).items():
            key = _meeting_key(meeting_id)
            orders.hset(key, name, msgspec.json.encode(MeetingSheet(now, distributions)))
            orders.expire(key, 60)
        await orders.execute()


def _by_meeting(measured: Iterable[tuple[Source, Distributions]]) -> dict[str, Distributions]:
    parts: defaultdict[str, list[Distributions]] = defaultdict(list)
    for source, distributions in measured:
        parts[source.meeting_id].append(distributions)
    return {meeting_id: merged(found) for meeting_id, found in parts.items()}


async def withdraw(kind: ProcessKind) -> None:
    """This process ends."""
    await redis_client().hdel(SHEETS, process_name(kind))


async def sheets() -> dict[str, Sheet]:
    """Those of living processes; dead ones are forgotten."""
    found: dict[str, Sheet] = {}
    for name, payload in (await redis_client().hgetall(SHEETS)).items():
        sheet = msgspec.json.decode(payload, type=Sheet)
        if time.time() - sheet.at < EXPIRES_SECONDS:
            found[name.decode()] = sheet
        else:
            await redis_client().hdel(SHEETS, name)
    return found


async def latency_of(meeting_id: UUID) -> LatencyView | None:
    """Of a meeting's captions in the last minute, at most a second old; None when there were none."""
    now = time.monotonic()
    if meeting_id not in _glances or now - _glances[meeting_id][0] > GLANCE_SECONDS:
        for old in [name for name, (at, _) in _glances.items() if now - at > GLANCE_SECONDS]:
            del _glances[old]
        _glances[meeting_id] = now, await _latency_of(meeting_id)
    return _glances[meeting_id][1]


async def _latency_of(meeting_id: UUID) -> LatencyView | None:
    payloads = (await redis_client().hgetall(_meeting_key(meeting_id))).values()
    parts = [msgspec.json.decode(payload, type=MeetingSheet) for payload in payloads]
    return latency_view(merged(part.latency for part in parts if time.time() - part.at < EXPIRES_SECONDS))


def latency_view(distributions: Distributions) -> LatencyView | None:
    if WHOLE not in distributions:
        return None
    whole = distributions[WHOLE]
    stages = [
        StageView(stage, round(distributions[stage].quantile_ms(0.5)), round(distributions[stage].quantile_ms(0.95)))
        for stage in STAGES
        if stage in distributions
    ]
    return LatencyView(round(latency.limit_ms), round(whole.violations / whole.count, 3), stages)
