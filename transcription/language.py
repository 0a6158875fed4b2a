"""Which language a speaker speaks: found over all that was heard."""

from collections.abc import Iterable, Mapping
from math import log

MOST_LEANING = log(50)  # a clear utterance in another language can still be told
SURE_LEAD = log(20)  # how much likelier than any other a language must be to be counted on
LEAST = 0.01  # probability; what is below is no evidence
WHOLE_SECONDS = 2.0  # less speech counts for less
MISTAKEN = frozenset("la cy nn haw mi sn yi br jw sa ht".split())  # what Whisper takes mumbled English or French for…
MISTAKEN_LESS = log(20)  # …unless it is that much clearer
UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces: every character is a word


def join_words(words: Iterable[str], language: str) -> str:
    """The text of the words, as the language is written."""
    return ("" if language in UNSPACED else " ").join(words)


def split_words(text: str, language: str) -> list[str]:
    return list(text.strip()) if language in UNSPACED else text.split()


def prior(language: str) -> float:
    """How likely it is before anything was heard, as a natural logarithm."""
    return -MISTAKEN_LESS if language in MISTAKEN else 0.0


class LanguageEvidence:
    """Depends on the finals heard so far only, so that the same audio gives the same languages."""

    def __init__(self, given: str = "") -> None:
        self.given = given
        self.leaning: dict[str, float] = {}  # natural logarithm of how much likelier each became

    @property
    def likely(self) -> str:
        """The best guess, "" while nothing was heard."""
        return self.given or max(self.leaning, key=self._weight, default="")

    @property
    def is_sure(self) -> bool:
        best, second = sorted([*map(self._weight, self.leaning), 0.0, 0.0])[:-3:-1]
        return bool(self.given) or best - second >= SURE_LEAD

    def _weight(self, language: str) -> float:
        return self.leaning[language] + prior(language)

    def hear(self, languages: Mapping[str, float], seconds: float) -> None:
        """How probable each language is for an utterance of this length; none when it was not asked for."""
        share = min(1.0, seconds / WHOLE_SECONDS)
        for language, probability in languages.items():
            more = share * log(max(probability, LEAST) / LEAST)
            self.leaning[language] = self.leaning.get(language, 0.0) + more
        over = max(self.leaning.values(), default=0.0) - MOST_LEANING
        if over > 0:
            self.leaning = {name: more - over for name, more in self.leaning.items() if more > over}


def likeliest(languages: Mapping[str, float], leaning: Mapping[str, float]) -> str:
    """Of the probabilities for one utterance, in the light of those before it."""
    return max(
        languages, key=lambda name: log(max(languages[name], LEAST)) + prior(name) + leaning.get(name, 0.0), default=""
    )
