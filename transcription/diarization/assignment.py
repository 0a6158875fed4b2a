"""Whose word is it: the speaker whose turns cover most of it, and nobody's stray word inside another's sentence."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from transcription.diarization.turns import Turn

REACH_MS = 2_000  # a word outside every turn belongs to the nearest one within this
STRAY_MS = 600  # a shorter run between two of one other speaker is a mistake of the clocks


class Timed(Protocol):
    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Run:
    """Words [first, end) of one speaker; None where nobody is near."""

    first: int
    end: int
    speaker: int | None


class Speakers:
    """Answers for words at their times."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = sorted(turns)
        self._starts = [turn.start_ms for turn in self._turns]
        self._reach = list(accumulate((turn.end_ms for turn in self._turns), max))  # how far all until here reach

    def of(self, start_ms: int, end_ms: int) -> int | None:
        """Who is heard most between the two times; in a tie, whose turn began last: the other is being interrupted."""
        covered: dict[int, int] = defaultdict(int)
        began: dict[int, int] = {}
        for turn in self._near(start_ms - REACH_MS, max(end_ms, start_ms + 1) + REACH_MS):
            overlap = min(turn.end_ms, max(end_ms, start_ms + 1)) - max(turn.start_ms, start_ms)
            if overlap > 0:
                covered[turn.speaker] += overlap
                began[turn.speaker] = turn.start_ms
        if covered:
            return max(covered, key=lambda speaker: (covered[speaker], began[speaker]))
        return self._nearest(start_ms, end_ms)

    def _nearest(self, start_ms: int, end_ms: int) -> int | None:
        distances = [
            (max(turn.start_ms - end_ms, start_ms - turn.end_ms), turn.speaker)
            for turn in self._near(start_ms - REACH_MS, end_ms + REACH_MS)
        ]
        return min(distances)[1] if distances else None

    def _near(self, start_ms: int, end_ms: int) -> Iterator[Turn]:
        first, until = bisect_right(self._reach, start_ms), bisect_left(self._starts, end_ms)
        return (turn for turn in self._turns[first:until] if turn.end_ms > start_ms)


def runs(words: Sequence[Timed], speakers: Speakers) -> list[Run]:
    """A line's words in stretches of one speaker; words that nobody said belong to their neighbours."""
    found: list[Run] = []
    for at, word in enumerate(words):
        speaker = speakers.of(word.start_ms, word.end_ms)
        if found and speaker in {found[-1].speaker, None}:
            found[-1] = Run(found[-1].first, at + 1, found[-1].speaker)
        elif found and found[-1].speaker is None:
            found[-1] = Run(found[-1].first, at + 1, speaker)
        else:
            found.append(Run(at, at + 1, speaker))
    return _without_strays(words, found)


def _without_strays(words: Sequence[Timed], found: list[Run]) -> list[Run]:
    kept: list[Run] = []
    for at, run in enumerate(found):
        between = bool(kept) and at + 1 < len(found) and found[at + 1].speaker == kept[-1].speaker
        short = words[run.end - 1].end_ms - words[run.first].start_ms < STRAY_MS
        same = bool(kept) and kept[-1].speaker == run.speaker
        if same or (between and short):
            kept[-1] = Run(kept[-1].first, run.end, kept[-1].speaker)
        else:
            kept.append(run)
    return kept
