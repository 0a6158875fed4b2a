"""One clock for all servers, the delay of frames without trusting a page's clock, and when audio was spoken."""

import pytest

from transcription.clocks import FrameDelay, SharedClock
from transcription.spoken import MAX_FRAMES, SpokenTimes


class Wall:
    """A monotonic clock in seconds, and a bus whose clock is elsewhere."""

    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds

    def bus(self, there_ms: float, back_ms: float, bus_ahead_ms: float = 7_000_000.0) -> "object":
        async def answer() -> float:
            self.seconds += there_ms / 1_000
            theirs = self.seconds * 1_000 + bus_ahead_ms
            self.seconds += back_ms / 1_000
            return theirs

        return answer


async def test_the_answer_with_the_shortest_round_trip_sets_the_clock() -> None:
    wall = Wall()
    clock = SharedClock(wall)
    await clock.ask(wall.bus(1, 1))  # type: ignore[arg-type]
    await clock.ask(wall.bus(2, 400))  # type: ignore[arg-type]
    assert clock.now_ms() == pytest.approx(wall.seconds * 1_000 + 7_000_000.0, abs=0.01)


async def test_the_error_is_at_most_half_a_round_trip() -> None:
    wall = Wall()
    clock = SharedClock(wall)
    await clock.ask(wall.bus(0, 30))  # type: ignore[arg-type]
    assert abs(clock.now_ms() - wall.seconds * 1_000 - 7_000_000.0) <= 15.01


def test_frames_on_the_quietest_way_take_half_a_round_trip() -> None:
    delay = FrameDelay()
    delay.round_trip(60)
    delay.round_trip(40)
    assert [delay.of(sent, sent + 123_456) for sent in (0.0, 100.0, 200.0)] == [20, 20, 20]


def test_jitter_is_measured_without_knowing_the_pages_clock() -> None:
    delay = FrameDelay()
    late = {300.0: 250.0}
    found = [delay.of(sent, sent - 987_654 + late.get(sent, 0.0)) for sent in (100.0, 200.0, 300.0, 400.0)]
    assert found == [0, 0, 250, 0]


def test_drifting_clocks_leave_the_window() -> None:
    delay = FrameDelay()
    drift = 0.001  # a bad sound card: 60 ms a minute
    last = [delay.of(sent, sent * (1 + drift)) for sent in range(0, 600_000, 100)][-1]
    assert last <= 61


def test_when_a_sample_was_spoken_is_found_by_its_frame() -> None:
    spoken = SpokenTimes()
    spoken.note(1_600, 10_000.0)
    spoken.note(3_200, 10_130.0)
    assert spoken.at(1_600) == 10_000.0
    assert spoken.at(2_400) == 10_080.0
    assert spoken.at(3_201) is None


def test_what_is_settled_is_forgotten_and_a_resent_frame_changes_nothing() -> None:
    spoken = SpokenTimes()
    for number in range(1, MAX_FRAMES + 100):
        spoken.note(number * 1_600, number * 100.0)
    spoken.note(1_600, 0.0)
    assert len(spoken._frames) == MAX_FRAMES
    spoken.forget_before(MAX_FRAMES * 1_600)
    assert len(spoken._frames) == 100
    assert spoken.at(MAX_FRAMES * 1_600) == MAX_FRAMES * 100.0
