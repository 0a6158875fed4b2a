"""Times as people read them."""

import pytest

from meetings.times import clock, duration


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "00:00"),
        (999, "00:00"),
        (65_000, "01:05"),
        (3_599_999, "59:59"),
        (3_600_000, "1:00:00"),
        (36_061_000, "10:01:01"),
    ],
)
def test_the_clock_gains_hours_when_it_needs_them(milliseconds: int, text: str) -> None:
    assert clock(milliseconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_540_000, "59 min"),
        (3_599_000, "1 h 0 min"),
        (3_900_000, "1 h 5 min"),
    ],
)
def test_lengths_are_rounded_as_people_say_them(milliseconds: int, text: str) -> None:
    assert duration(milliseconds) == text
