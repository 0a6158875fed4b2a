"""Which words of a growing caption can be trusted: those that two decodes in a row agree on."""

import unicodedata
from collections.abc import Sequence


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
    """LocalAgreement-2 over words. `agreed` never shrinks within an utterance."""

    def __init__(self) -> None:
        self.agreed: tuple[str, ...] = ()
        self.shown: tuple[str, ...] = ()

    def hear(self, words: Sequence[str]) -> None:
        """Take the next decode of the utterance; one that contradicts the agreed words keeps only their place."""
        kept = len(self.agreed)
        heard = self.agreed + tuple(words[kept:])
        self.agreed = heard[: max(kept, common_prefix(self.shown, heard))]
        self.shown = heard
