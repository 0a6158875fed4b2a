"""The picture of a meeting: a lane for each person, a bar where they talk. Numbers for an SVG, no drawing here."""

from collections.abc import Iterable
from dataclasses import dataclass

from meetings.insight import Insight, Span, merged
from meetings.times import clock

WIDTH = 1_000.0  # of the lanes, in units of the SVG
LANE = 34
BAR = 20
TICKS_MS = [minutes * 60_000 for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240)]
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    title: str  # "01:05–01:20"


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    color: int
    y: int  # of its bars
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    height: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]


def draw(insight: Insight) -> Timeline:
    """Bars nearer than a unit of the picture are one: a meeting of any length stays a small picture."""
    length_ms = max(1, insight.length_ms)
    speakers = [voice for voice in insight.voices if voice.spans]
    lanes = tuple(
        Lane(
            voice.participant.display_name,
            voice.participant.color,
            row * LANE + (LANE - BAR) // 2,
            _bars(voice.spans, length_ms),
        )
        for row, voice in enumerate(speakers)
    )
    return Timeline(len(lanes) * LANE, lanes, _ticks(length_ms))


def _bars(spans: Iterable[Span], length_ms: int) -> tuple[Bar, ...]:
    unit_ms = length_ms / WIDTH
    together = merged(spans, int(unit_ms))
    return tuple(
        Bar(round(start / unit_ms, 1), round(max(1.0, (end - start) / unit_ms), 1), f"{clock(start)}–{clock(end)}")
        for start, end in together
    )


def _ticks(length_ms: int) -> tuple[Tick, ...]:
    step = next((step for step in TICKS_MS if length_ms / step <= MOST_TICKS), TICKS_MS[-1])
    moments = range(0, length_ms - step // 3, step) if length_ms > step // 3 else range(1)
    return tuple(Tick(round(moment / length_ms * WIDTH, 1), clock(moment)) for moment in moments)
