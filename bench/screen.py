"""What a reader saw, and when: every state of one speaker's captions."""

from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np

from transcription.agreement import fold


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of the offline transcript; `end` in seconds of the track."""

    text: str
    end: float


@dataclass(slots=True)
class Screen:
    """States of the screen in order: seconds since the track began, all words, how many of them are final."""

    states: list[tuple[float, tuple[str, ...], int]] = field(default_factory=list)
    finals: list[tuple[float, float]] = field(default_factory=list)  # when a final came, end of its audio
    text: str = ""  # of all finals, as they were written

    def show(self, at: float, fixed: list[str], growing: list[str]) -> None:
        words = tuple(fold(word) for word in [*fixed, *growing])
        self.states.append((at, words, len(fixed)))
        self.text = " ".join(fixed)


@dataclass(slots=True)
class Delays:
    """Seconds from the end of a word to…"""

    seen: list[float] = field(default_factory=list)  # …its first time on the screen
    kept: list[float] = field(default_factory=list)  # …being there for good
    fixed: list[float] = field(default_factory=list)  # …being in a final
    ends: list[float] = field(default_factory=list)  # of the words in `seen`
    final: list[float] = field(default_factory=list)  # end of speech to its final
    taken_back: int = 0
    final_words: int = 0
    words: int = 0  # that the offline run heard

    def add(self, other: "Delays") -> None:
        for name in ("seen", "kept", "fixed", "ends", "final"):
            getattr(self, name).extend(getattr(other, name))
        self.taken_back += other.taken_back
        self.final_words += other.final_words
        self.words += other.words

    def figures(self) -> dict[str, float]:
        slope = float(np.polyfit(self.ends, self.seen, 1)[0]) if len(self.seen) > 2 else 0.0
        found = {"slope": slope, "churn": self.taken_back / max(1, self.final_words)}
        found["words_seen_share"] = len(self.seen) / max(1, self.words)
        for name in ("seen", "kept", "fixed", "final"):
            values = getattr(self, name) or [float("nan")]
            found |= {f"{name}_p{share}": float(np.percentile(values, share)) for share in (50, 95)}
        return {name: round(value, 3) for name, value in found.items()}


def measure(screen: Screen, heard: list[HeardWord]) -> Delays:
    """Match every state with the words spoken until then; a word counts where it stands in the right order."""
    truth = [fold(word.text) for word in heard]
    first: dict[int, float] = {}
    since: dict[int, float] = {}
    fixed: dict[int, float] = {}
    for at, words, final_count in screen.states:
        matched = _matches(truth, words)
        since = {index: since.get(index, at) for index in matched}
        for index, place in matched.items():
            first.setdefault(index, at)
            if place < final_count:
                fixed.setdefault(index, at)
    delays = Delays(words=len(heard), final_words=len(screen.states[-1][1]) if screen.states else 0)
    delays.seen = [at - heard[index].end for index, at in first.items()]
    delays.ends = [heard[index].end for index in first]
    delays.kept = [at - heard[index].end for index, at in since.items()]
    delays.fixed = [at - heard[index].end for index, at in fixed.items() if index in since]
    for at, end in screen.finals:
        last = max((word.end for word in heard if word.end <= end + 0.1), default=None)
        delays.final += [] if last is None else [at - last]
    pairs = zip(screen.states, screen.states[1:], strict=False)
    delays.taken_back = sum(_lost(former[1], latter[1]) for former, latter in pairs)
    return delays


def _matches(truth: list[str], words: tuple[str, ...]) -> dict[int, int]:
    blocks = SequenceMatcher(None, truth, words, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _lost(former: tuple[str, ...], latter: tuple[str, ...]) -> int:
    same = 0
    while same < min(len(former), len(latter)) and former[same] == latter[same]:
        same += 1
    rest = SequenceMatcher(None, former[same:], latter[same:], autojunk=False)
    return len(former) - same - sum(block.size for block in rest.get_matching_blocks())
