"""Which words of a growing caption can be trusted, and which are good enough to be shown."""

import unicodedata
from collections.abc import Sequence

from transcription.engines.base import SpokenWord

SURE = 0.55  # confidence from which one decode is enough to show a word


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

    `agreed` (heard twice, and surely) never shrinks within an utterance; for `shown` one of the two is enough.
    """

    def __init__(self) -> None:
        self.agreed: tuple[str, ...] = ()
        self.shown: tuple[str, ...] = ()
        self._heard: tuple[str, ...] = ()

    @property
    def unsettled(self) -> tuple[str, ...]:
        """What was heard the last time behind the agreed words."""
        return self._heard[len(self.agreed) :]

    def hear(self, words: Sequence[SpokenWord]) -> None:
        """Take the next decode; one that contradicts the agreed words keeps only their place."""
        kept = len(self.agreed)
        heard = self.agreed + tuple(word.text for word in words[kept:])
        twice = max(kept, common_prefix(self._heard, heard))
        self.agreed = heard[: max(kept, min(twice, _first_unsure(words, kept)))]
        self._show(heard[: _first_unsure(words, twice)])
        self._heard = heard

    def _show(self, words: tuple[str, ...]) -> None:
        """Words that were shown stay until others take their place."""
        fewer = common_prefix(self.shown, words) == len(words)
        self.shown = words + self.shown[len(words) :] if fewer else words

    def hear_well(self, words: Sequence[SpokenWord], later: Sequence[SpokenWord] = ()) -> None:
        """Take a decode that is better than those before, also where it contradicts them; `later` is what they heard
        after it."""
        self.shown = self._heard = tuple(word.text for word in (*words, *later))
        self.agreed = self.shown[: _first_unsure(words, 0)]

    def forget(self, count: int) -> None:
        """The first `count` words, all agreed, are not decoded any more."""
        self.agreed, self.shown, self._heard = self.agreed[count:], self.shown[count:], self._heard[count:]


def _first_unsure(words: Sequence[SpokenWord], start: int) -> int:
    return next((place for place in range(start, len(words)) if words[place].confidence < SURE), len(words))
