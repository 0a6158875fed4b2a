"""The metrics of all processes as one document in Prometheus's text format."""

import logging
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from meetings.measures import latency, registry
from meetings.redis import audio_bus, with_redis
from meetings.services import periodic
from meetings.services.backlog import backlog
from meetings.services.measurements import Sheet, process_name, sheets
from transcription.errors import BusUnavailable

logger = logging.getLogger(__name__)
CREATED = "_created"  # when a series began: of no use once processes are told apart by name


def all_metrics() -> bytes:
    """What every process measured, each series with its `process`; only this process's own while Redis is away."""
    try:
        found, depth, asked_at = with_redis(_measured)
    except (RedisError, BusUnavailable) as error:
        logger.warning("metrics of this process alone (%s)", type(error).__name__)
        expositions, state = {process_name("web"): generate_latest(registry).decode()}, [_redis_up(False)]
    else:
        expositions, state = (
            {name: sheet.exposition for name, sheet in found.items()},
            [*_bus(depth), *_periodic(asked_at)],
        )
    whole = CollectorRegistry(auto_describe=False)
    whole.register(_Together(expositions, [*state, *backlog()]))
    return generate_latest(whole)


async def _measured() -> tuple[dict[str, Sheet], dict[str, int], float | None]:
    return await sheets(), await audio_bus().depth(), await periodic.asked_at()


def _redis_up(up: bool) -> GaugeMetricFamily:
    return GaugeMetricFamily("meeting_redis_up", "Whether Redis answers", value=float(up))


def _bus(depth: Mapping[str, int]) -> list[GaugeMetricFamily]:
    limit_seconds = latency.limit_ms / 1_000
    return [
        _redis_up(True),
        GaugeMetricFamily("transcription_bus_streams", "Streams with audio on the bus", value=len(depth)),
        GaugeMetricFamily("transcription_bus_frames", "Frames on the bus, not settled yet", value=sum(depth.values())),
        GaugeMetricFamily(
            "transcription_bus_deepest_frames",
            "Frames of the stream with most of them",
            value=max(depth.values(), default=0),
        ),
        GaugeMetricFamily("transcription_latency_limit_seconds", "Later captions are violations", value=limit_seconds),
    ]


def _periodic(asked_at: float | None) -> list[GaugeMetricFamily]:
    if asked_at is None:
        return []
    meaning = "When beat last asked for periodic work, in seconds since the epoch"
    return [GaugeMetricFamily("meeting_beat_timestamp_seconds", meaning, value=asked_at)]


class _Together(Collector):
    """The expositions of several processes, one metric a name."""

    def __init__(self, expositions: Mapping[str, str], state: list[GaugeMetricFamily]) -> None:
        self._expositions = expositions
        self._state = state

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for process, text in sorted(self._expositions.items()):
            for family in text_string_to_metric_families(text):
                if not family.name.endswith(CREATED):
                    known = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                    _add(known, family, process)
        yield from families.values()
        yield from self._state


def _add(known: Metric, family: Metric, process: str) -> None:
    for sample in family.samples:
        if not sample.name.endswith(CREATED):
            known.add_sample(sample.name, {**sample.labels, "process": process}, sample.value)
