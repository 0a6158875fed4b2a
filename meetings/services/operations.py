"""The state of the whole system for its operators: latency now and in the last hour, streams, processes."""

import asyncio
import time
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from meetings.measures import latency
from meetings.models import AudioStream
from meetings.redis import audio_bus, redis_client
from meetings.services import periodic
from meetings.services.measurements import Sheet, sheets
from meetings.services.transcribers import reports
from transcription.latency import WHOLE, Distributions, Stage, Summary, merged, summaries

HISTORY = "operations:history"  # list of Moment, oldest first
TURN = "operations:turn"  # whoever sets it writes the next moment
EVERY_SECONDS = 10
KEPT_MOMENTS = 360  # an hour


class Moment(Struct):
    """One point of the plots. Times in ms; a stage nobody went through in the last minute is missing."""

    at: int  # seconds since the epoch
    p50_ms: dict[Stage, float]
    p95_ms: dict[Stage, float]
    late: float  # share of captions beyond the limit, 0…1
    lag_ms: int
    streams: int
    frames: int  # on the bus


class StreamLine(Struct):
    """One speaker, the worst first."""

    speaker: str
    meeting: str
    stages: dict[Stage, Summary]


class ProcessLine(Struct):
    name: str
    age_seconds: float  # of its last report


class TranscriberLine(Struct):
    description: str  # model, device, compute type
    condition: str
    lag_ms: int
    streams: int


class Picture(Struct):
    """All that the operators' page shows; summaries are of the last minute."""

    limit_ms: int
    stages: dict[Stage, Summary]
    now: Moment
    history: list[Moment]
    streams: list[StreamLine]
    processes: list[ProcessLine]
    transcribers: list[TranscriberLine]
    beat_is_silent: bool  # no periodic work is asked for


class Live(Struct):
    """What Redis knows, before the store is asked for names."""

    sheets: dict[str, Sheet]
    now: Moment
    history: list[Moment]
    transcribers: list[TranscriberLine]
    asked_at: float | None  # when beat last asked for periodic work


async def remember() -> None:
    """Add a moment to the history, every EVERY_SECONDS by one of the processes that try; raises RedisError."""
    if not await redis_client().set(TURN, 1, nx=True, px=EVERY_SECONDS * 1_000 - 500):
        return
    moment = await _moment(await sheets())
    async with redis_client().pipeline(transaction=False) as orders:
        orders.rpush(HISTORY, msgspec.json.encode(moment))
        orders.ltrim(HISTORY, -KEPT_MOMENTS, -1)
        orders.expire(HISTORY, 2 * KEPT_MOMENTS * EVERY_SECONDS)
        await orders.execute()


async def live() -> Live:
    """Raises RedisError, BusUnavailable."""
    found = await sheets()
    moment, points, transcribers, asked_at = await asyncio.gather(
        _moment(found), redis_client().lrange(HISTORY, 0, -1), reports(), periodic.asked_at()
    )
    oldest = time.time() - KEPT_MOMENTS * EVERY_SECONDS
    history = [msgspec.json.decode(point, type=Moment) for point in points]
    return Live(
        sheets=found,
        now=moment,
        history=[past for past in history if past.at >= oldest],
        transcribers=[
            TranscriberLine(sheet.description, sheet.condition, sheet.lag_ms, sheet.streams)
            for sheet in transcribers.values()
        ],
        asked_at=asked_at,
    )


async def _moment(found: Mapping[str, Sheet]) -> Moment:
    depth, transcribers = await asyncio.gather(audio_bus().depth(), reports())
    whole = merged(sheet.whole for sheet in found.values())
    stages = summaries(whole)
    return Moment(
        at=int(time.time()),
        p50_ms={stage: summary.p50_ms for stage, summary in stages.items()},
        p95_ms={stage: summary.p95_ms for stage, summary in stages.items()},
        late=round(stages[WHOLE].violation_rate, 4) if WHOLE in stages else 0.0,
        lag_ms=max((sheet.lag_ms for sheet in transcribers.values()), default=0),
        streams=sum(sheet.streams for sheet in transcribers.values()),
        frames=sum(depth.values()),
    )


def picture(known: Live) -> Picture:
    """Adds the names of who speaks, in one query."""
    now = time.time()
    return Picture(
        limit_ms=round(latency.limit_ms),
        stages=summaries(merged(sheet.whole for sheet in known.sheets.values())),
        now=known.now,
        history=known.history,
        streams=_streams(known.sheets),
        processes=[
            ProcessLine(name, round(max(0.0, now - sheet.at), 1)) for name, sheet in sorted(known.sheets.items())
        ],
        transcribers=known.transcribers,
        beat_is_silent=periodic.is_silent(known.asked_at),
    )


def _streams(found: Mapping[str, Sheet]) -> list[StreamLine]:
    parts: dict[str, list[Distributions]] = {}
    for sheet in found.values():
        for source, distributions in sheet.streams:
            parts.setdefault(source.stream_id, []).append(distributions)
    rows = AudioStream.objects.filter(pk__in=parts).select_related("participant__meeting")
    lines = [
        StreamLine(row.participant.display_name, row.participant.meeting.title, summaries(merged(parts[str(row.pk)])))
        for row in rows
    ]
    return sorted(lines, key=_slowness, reverse=True)


def _slowness(line: StreamLine) -> float:
    return line.stages[WHOLE].p95_ms if WHOLE in line.stages else 0.0
