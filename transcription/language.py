"""Which language a speaker speaks: found from what was heard, locked once confident."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transcription.engines.base import Hypothesis

LOCK_SECONDS = 5.0  # of speech in one language, weighted by its probability…
LOCK_SHARE = 0.8  # …and this much of all that was heard
SHORT_SECONDS = 2.0  # too little to contradict what was heard before
UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces: every character is a word


def join_words(words: Iterable[str], language: str) -> str:
    """The text of the words, as the language is written."""
    return ("" if language in UNSPACED else " ").join(words)


def split_words(text: str, language: str) -> list[str]:
    return list(text.strip()) if language in UNSPACED else text.split()


class LanguageEvidence:
    """Depends on the finals heard so far only, so that the same audio gives the same languages."""

    def __init__(self, given: str = "") -> None:
        self._given = given
        self._heard: Counter[str] = Counter()

    @property
    def likely(self) -> str:
        """The best guess, "" while nothing was heard."""
        return self._given or next((language for language, _ in self._heard.most_common(1)), "")

    @property
    def locked(self) -> bool:
        if self._given:
            return True
        best = self._heard[self.likely]
        return best >= LOCK_SECONDS and best >= LOCK_SHARE * self._heard.total()

    def settled(self, seconds: float) -> str:
        """The language to decode an utterance of this length in, "" to find it."""
        return self.likely if self.locked or seconds < SHORT_SECONDS else ""

    def hear(self, hypothesis: "Hypothesis", seconds: float) -> None:
        if hypothesis.language and not self._given:
            self._heard[hypothesis.language] += hypothesis.language_probability * seconds  # type: ignore[assignment]
