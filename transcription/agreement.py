"""Which words of a growing caption can be trusted, and which are good enough to be shown."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import SpokenWord

SURE = 0.55  # confidence from which one decode is enough to show a word…
SURE_AT_EDGE = 0.8  # …that may still be going on: its window ends…
EDGE = SAMPLE_RATE // 10  # …so soon after it
BEYOND = 4  # words heard twice and surely, for which unsure ones before them are shown, too


def fold(word: str) -> str:
    """The word as agreement compares it: without case and punctuation."""
    return "".join(char for char in word.casefold() if not unicodedata.category(char).startswith("P"))


def common_prefix(former: Sequence[str], latter: Sequence[str]) -> int:
    """How many words at the start are the same in both."""
    count = 0
    for one, other in zip(former, latter, strict=False):
        if fold(one) != fold(other):
            break
        count += 1
    return count


class Agreement:
    """LocalAgreement-2 over words, weighed with how sure the engine is of each.

    `agreed` (heard twice, and surely) never shrinks within an utterance; for `shown`, which begins with them, one of
    the two is enough.
    """

    def __init__(self) -> None:
        self.agreed: tuple[str, ...] = ()
        self.settled: frozenset[int] = frozenset()  # places of the words heard last that were heard twice, and surely
        self._heard: tuple[str, ...] = ()
        self._shown: list[tuple[str, int]] = []  # and the place in `_heard` of each, or of what follows it there

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(word for word, _ in self._shown)

    @property
    def places(self) -> list[int]:
        """Where the shown words are among those heard last."""
        return sorted({place for _, place in self._shown})

    @property
    def unsettled(self) -> tuple[str, ...]:
        """What was heard the last time behind the agreed words."""
        return self._heard[len(self.agreed) :]

    def hear(self, words: Sequence[SpokenWord], end: int) -> None:
        """Take the next decode, of a window up to sample `end`; one that contradicts the agreed words keeps only their
        place."""
        kept = len(self.agreed)
        heard = self.agreed + tuple(word.text for word in words[kept:])
        sure = [True] * kept + [_is_sure(word, end) for word in words[kept:]]
        same = _places_of(self._heard, heard)
        self.settled = frozenset(place for place in same if sure[place])
        surely = sure.index(False) if False in sure else len(sure)
        self.agreed = heard[: max(kept, min(common_prefix(self._heard, heard), surely))]
        self._show(heard, [known or place in same for place, known in enumerate(sure)])
        self._heard = heard

    def _show(self, heard: tuple[str, ...], trusted: Sequence[bool]) -> None:
        """Words that were shown stay until words to be trusted take their place."""
        beyond = [place for place in self.settled if place >= len(self.agreed)]
        known = max(beyond) if len(beyond) >= BEYOND else 0
        shown: list[tuple[str, int]] = []
        for kind, first, last, start, end in _matcher(self.shown, heard).get_opcodes():
            old = [(word, start) for word in self.shown[first:last]]
            begin = end if kind == "equal" else max(start, known) if kind == "insert" else start
            taken = next((place for place in range(begin, end) if not trusted[place]), end)
            shown += [(heard[place], place) for place in range(start, taken)]
            last_change = end == len(heard)
            if kind == "delete":
                shown += old if last_change or self._is_left_out_once(old) else []
            elif taken < end and (taken == start or not last_change):
                shown += old[taken - start :]
        self._shown = shown

    def _is_left_out_once(self, old: Sequence[tuple[str, int]]) -> bool:
        """Words that the decode before had; agreed ones are never amended."""
        former = {fold(word) for word in self._heard}
        return all(place >= len(self.agreed) and fold(word) in former for word, place in old)

    def hear_well(self, words: Sequence[SpokenWord], later: Sequence[SpokenWord] = ()) -> None:
        """Take a decode that is better than those before, also where it contradicts them; `later` is what they heard
        after it."""
        self._heard = tuple(word.text for word in (*words, *later))
        self._shown = [(word, place) for place, word in enumerate(self._heard)]
        unsure = (place for place, word in enumerate(words) if word.confidence < SURE)
        self.agreed = self._heard[: next(unsure, len(words))]
        self.settled = frozenset()

    def leave(self, count: int) -> tuple[str, ...]:
        """The first `count` words that were heard are not decoded any more; what is shown of them."""
        at = next((at for at, (_, place) in enumerate(self._shown) if place >= count), len(self._shown))
        left = self.shown[:at]
        self._shown = [(word, place - count) for word, place in self._shown[at:]]
        self.agreed, self._heard = self.agreed[count:], self._heard[count:]
        self.settled = frozenset(place - count for place in self.settled if place >= count)
        return left


def _matcher(former: Sequence[str], latter: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, [*map(fold, former)], [*map(fold, latter)], autojunk=False)


def _places_of(former: Sequence[str], latter: Sequence[str]) -> frozenset[int]:
    """Where in the latter are words that the former has, in its order."""
    blocks = _matcher(former, latter).get_matching_blocks()
    return frozenset(place for block in blocks for place in range(block.b, block.b + block.size))


def _is_sure(word: SpokenWord, end: int) -> bool:
    return word.confidence >= (SURE_AT_EDGE if word.end > end - EDGE else SURE)
