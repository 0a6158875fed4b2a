"""Latencies by stage: quantiles near what was measured, exact counts, a window that slides, sheets that add up."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.latency import SLICE_SECONDS, SLICES, STAGES, Distribution, LatencyMeter, Source, merged, summaries

ADA, EVE = Source("stand-up", "ada"), Source("stand-up", "eve")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> LatencyMeter:
    return LatencyMeter(limit_ms=1_000, clock=clock)


def distribution(*times: float, limit_ms: float = 1_000) -> Distribution:
    made = Distribution()
    for ms in times:
        made.add(ms, limit_ms)
    return made


@given(st.lists(st.floats(0.2, 3_000_000), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_at_most_five_percent_off(times: list[float], share: float) -> None:
    exact = sorted(times)[max(0, -int(-share * len(times) // 1) - 1)]
    assert distribution(*times).quantile_ms(share) == pytest.approx(exact, rel=0.05)


def test_count_maximum_and_violations_are_exact() -> None:
    times = [random.uniform(1, 2_000) for _ in range(500)]
    summary = distribution(*times).summary()
    assert summary.count == 500
    assert summary.max_ms == round(max(times), 1)
    assert summary.violation_rate == sum(ms > 1_000 for ms in times) / 500


def test_the_limit_itself_is_no_violation() -> None:
    assert distribution(1_000.0).violations == 0
    assert distribution(1_000.1).violations == 1


def test_no_quantile_exceeds_the_longest_time() -> None:
    assert distribution(100.0).summary().p99_ms <= 100.0


@pytest.mark.parametrize("odd", [0.0, -3.0, 1e12])
def test_times_out_of_range_are_counted_at_the_edge(odd: float) -> None:
    assert distribution(odd).count == 1


def test_nothing_measured_is_zero() -> None:
    assert Distribution().summary().p95_ms == 0.0
    assert Distribution().summary().violation_rate == 0.0


def test_two_processes_add_up_to_what_one_would_have_measured() -> None:
    both = merged([{"store": distribution(10, 20, 3_000)}, {"store": distribution(30), "vad": distribution(1)}])
    assert both["store"] == distribution(10, 20, 3_000, 30)
    assert both["vad"].count == 1


def test_a_distribution_survives_its_way_through_redis() -> None:
    sent = distribution(0.3, 40, 5_000)
    assert msgspec.json.decode(msgspec.json.encode(sent), type=Distribution) == sent


def test_old_times_leave_the_window(meter: LatencyMeter, clock: Clock) -> None:
    meter.record(ADA, "caption", 5_000)
    clock.now += SLICE_SECONDS
    meter.record(ADA, "caption", 200)
    assert meter.whole()["caption"].count == 2
    clock.now += SLICE_SECONDS * (SLICES - 1)
    assert meter.whole()["caption"].summary().max_ms == 200
    clock.now += SLICE_SECONDS
    assert meter.whole() == {}


def test_a_stream_has_its_own_window_and_is_forgotten_when_silent(meter: LatencyMeter, clock: Clock) -> None:
    meter.record(ADA, "caption", 100)
    meter.record(EVE, "caption", 2_000)
    found = meter.by_source()
    assert {source.stream_id: parts["caption"].violations for source, parts in found.items()} == {"ada": 0, "eve": 1}
    assert meter.whole()["caption"].violations == 1
    clock.now += SLICE_SECONDS * SLICES
    assert meter.by_source() == {}
    assert meter._sources == {}


def test_memory_does_not_grow_with_what_is_measured(meter: LatencyMeter, clock: Clock) -> None:
    for _ in range(20_000):
        clock.now += 0.05
        meter.record(ADA, "queue", random.lognormvariate(4, 2))
    window = meter._sources[ADA]
    assert len(window._slices) <= SLICES
    assert sum(len(parts["queue"].counts) for parts in window._slices.values()) < SLICES * 210


def test_summaries_come_in_the_order_of_the_way() -> None:
    parts = {stage: distribution(1) for stage in reversed(STAGES)}
    assert tuple(summaries(parts)) == STAGES
