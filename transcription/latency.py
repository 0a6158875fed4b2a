"""How long each stage of a caption's way takes: sliding windows of fixed logarithmic buckets, per stream and in all.

Two buckets are 9 % apart, so a quantile is at most 4.5 % off whatever was measured; counts, violations and the maximum
are exact. Windows of several processes add up to the window of all.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from msgspec import Struct
from msgspec import field as struct_field

Stage = Literal["capture", "network", "queue", "vad", "inference", "store", "fanout", "caption"]
STAGES: tuple[Stage, ...] = get_args(Stage)
WHOLE: Stage = "caption"  # not a stage of its own: from the microphone to the members, what the limit is set on

PER_DOUBLING = 8
SMALLEST_MS = 0.1
LARGEST_MS = 3_600_000.0
SLICES = 6
SLICE_SECONDS = 10.0  # the window is the slice being filled and the SLICES - 1 before it


class Distribution(Struct):
    """Measured times of one stage: how many fell into each bucket, the longest, how many exceeded the limit."""

    counts: dict[int, int] = struct_field(default_factory=dict)
    max_ms: float = 0.0
    violations: int = 0

    def add(self, ms: float, limit_ms: float) -> None:
        bucket = _bucket(ms)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.max_ms = max(self.max_ms, ms)
        self.violations += ms > limit_ms

    def merge(self, other: "Distribution") -> None:
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.max_ms = max(self.max_ms, other.max_ms)
        self.violations += other.violations

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def quantile_ms(self, share: float) -> float:
        """The time that `share` (0…1) of all measured times do not exceed; 0 when there are none."""
        wanted = max(1, math.ceil(share * self.count))
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return min(_middle_ms(bucket), self.max_ms)
        return 0.0

    def summary(self) -> "Summary":
        p50, p95, p99 = (round(self.quantile_ms(share), 1) for share in (0.5, 0.95, 0.99))
        count = self.count
        return Summary(count, p50, p95, p99, round(self.max_ms, 1), self.violations / count if count else 0.0)


class Summary(Struct, frozen=True):
    """What people want to know of a distribution; `violation_rate` is 0…1."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    violation_rate: float


Distributions = dict[Stage, Distribution]


def _bucket(ms: float) -> int:
    bounded = min(max(ms, SMALLEST_MS), LARGEST_MS)
    return math.floor(math.log2(bounded / SMALLEST_MS) * PER_DOUBLING)


def _middle_ms(bucket: int) -> float:
    return float(SMALLEST_MS * 2 ** ((bucket + 0.5) / PER_DOUBLING))


def merged(parts: Iterable[Mapping[Stage, Distribution]]) -> Distributions:
    """The distributions of several windows as one."""
    whole: Distributions = {}
    for part in parts:
        for stage, distribution in part.items():
            whole.setdefault(stage, Distribution()).merge(distribution)
    return whole


def summaries(distributions: Mapping[Stage, Distribution]) -> dict[Stage, Summary]:
    """In the order of a caption's way."""
    return {stage: distributions[stage].summary() for stage in STAGES if stage in distributions}


@dataclass
class SlidingWindow:
    """The last minute of one stream; at most SLICES sets of buckets, whatever comes in."""

    _slices: dict[int, Distributions] = field(default_factory=dict)  # by slice number

    def add(self, stage: Stage, ms: float, limit_ms: float, now: float) -> None:
        number = int(now / SLICE_SECONDS)
        parts = self._slices.get(number)
        if parts is None:
            self._forget_before(number - SLICES + 1)
            parts = self._slices[number] = {}
        distribution = parts.get(stage)
        if distribution is None:
            distribution = parts[stage] = Distribution()
        distribution.add(ms, limit_ms)

    def distributions(self, now: float) -> Distributions:
        self._forget_before(int(now / SLICE_SECONDS) - SLICES + 1)
        return merged(self._slices.values())

    def _forget_before(self, number: int) -> None:
        self._slices = {kept: parts for kept, parts in self._slices.items() if kept >= number}


class Source(Struct, frozen=True):
    """Whose audio was measured."""

    meeting_id: str
    stream_id: str


class LatencyMeter:
    """What one process measured in the last minute. Called from one thread, like all of its event loop."""

    def __init__(self, limit_ms: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_ms = limit_ms
        self._clock = clock
        self._sources: dict[Source, SlidingWindow] = {}  # those heard of in the last minute

    def record(self, source: Source, stage: Stage, ms: float) -> None:
        window = self._sources.get(source)
        if window is None:
            window = self._sources[source] = SlidingWindow()
        window.add(stage, ms, self.limit_ms, self._clock())

    def whole(self) -> Distributions:
        return merged(self.by_source().values())

    def by_source(self) -> dict[Source, Distributions]:
        """Sources of which nothing was measured for a minute are forgotten."""
        now = self._clock()
        found = {source: window.distributions(now) for source, window in self._sources.items()}
        self._sources = {source: window for source, window in self._sources.items() if found[source]}
        return {source: distributions for source, distributions in found.items() if distributions}


class Measures(Protocol):
    """What the recogniser tells of its work; times in ms."""

    def took(self, source: Source, stage: Stage, ms: float) -> None: ...

    def batch(self, size: int) -> None:
        """So many windows went to the engine together."""

    def partial_dropped(self) -> None:
        """A newer partial took the place of one that nobody had taken."""


class Unmeasured:
    """`Measures` for whoever has no use for them."""

    def took(self, source: Source, stage: Stage, ms: float) -> None: ...

    def batch(self, size: int) -> None: ...

    def partial_dropped(self) -> None: ...
