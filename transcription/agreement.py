"""Which words of a growing caption can be trusted, and which are good enough to be shown."""

import unicodedata
from collections.abc import Sequence

from transcription.engines.base import SpokenWord

SURE = 0.5  # confidence with which a word is shown at once


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
    """LocalAgreement-2 over words, and ahead of it the words that the engine is sure of.

    `agreed` never shrinks within an utterance; `shown` begins with it.
    """

    def __init__(self) -> None:
        self.agreed: tuple[str, ...] = ()
        self.shown: tuple[str, ...] = ()
        self._heard: tuple[str, ...] = ()

    def hear(self, words: Sequence[SpokenWord]) -> None:
        """Take the next decode of the utterance; one that contradicts the agreed words keeps only their place."""
        kept = len(self.agreed)
        heard = self.agreed + tuple(word.text for word in words[kept:])
        self.agreed = heard[: max(kept, common_prefix(self._heard, heard))]
        unsure = (place for place in range(len(self.agreed), len(words)) if words[place].confidence < SURE)
        self.shown = heard[: next(unsure, len(heard))]
        self._heard = heard

    def forget(self, count: int) -> None:
        """The first `count` words, all agreed, are not decoded any more."""
        self.agreed, self.shown, self._heard = self.agreed[count:], self.shown[count:], self._heard[count:]
