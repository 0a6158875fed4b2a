"""Which language a speaker speaks: found over all that was heard of them and of the others in the meeting, and
leaning at first towards what their browser prefers."""

from collections.abc import Iterable, Mapping
from math import exp, log

MOST_OWN = log(50)  # what a speaker said before weighs at most; a clear utterance in another language can still be told
MOST_OTHERS = log(5)  # what the others of the meeting speak weighs at most…
PREFERRED = MOST_OTHERS  # …and what the browser prefers, which comes not on top of it
SURE_LEAD = log(20)  # how much likelier than any other a language must be to be counted on
LEAST = 0.01  # probability; what is below is no evidence
WHOLE_SECONDS = 2.0  # less speech counts for less
MISTAKEN = frozenset("la cy nn haw mi sn yi br jw sa ht".split())  # what Whisper takes mumbled English or French for…
MISTAKEN_LESS = log(20)  # …unless it is that much clearer
ALSO_CALLED = {"nb": "no", "fil": "tl", "jv": "jw", "iw": "he", "in": "id"}  # by browsers: Whisper's codes
UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces: every character is a word


def join_words(words: Iterable[str], language: str) -> str:
    """The text of the words, as the language is written."""
    return ("" if language in UNSPACED else " ").join(words)


def split_words(text: str, language: str) -> list[str]:
    return list(text.strip()) if language in UNSPACED else text.split()


def prior(language: str) -> float:
    """How likely it is before anything was heard, as a natural logarithm."""
    return -MISTAKEN_LESS if language in MISTAKEN else 0.0


def chances(languages: Mapping[str, float], leaning: Mapping[str, float]) -> dict[str, float]:
    """The probabilities for one utterance in the light of those before it; together 1, none for none."""
    weights = {name: max(languages[name], LEAST) * exp(prior(name) + leaning.get(name, 0.0)) for name in languages}
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}


def likeliest(languages: Mapping[str, float], leaning: Mapping[str, float]) -> str:
    """Of the probabilities for one utterance, in the light of those before it; "" for none."""
    likely = chances(languages, leaning)
    return max(likely, key=likely.__getitem__, default="")


class LanguageEvidence:
    """How much likelier each language became by what was heard, bounded so that a change of language is noticed."""

    def __init__(self, most: float) -> None:
        self.leaning: dict[str, float] = {}  # natural logarithms
        self._most = most

    def hear(self, languages: Mapping[str, float], seconds: float) -> None:
        """How probable each language is for an utterance of this length."""
        share = min(1.0, seconds / WHOLE_SECONDS)
        for language, probability in languages.items():
            more = share * log(max(probability, LEAST) / LEAST)
            self.leaning[language] = self.leaning.get(language, 0.0) + more
        over = max(self.leaning.values(), default=0.0) - self._most
        if over > 0:
            self.leaning = {name: more - over for name, more in self.leaning.items() if more > over}


class SpeakerLanguage:
    """What one speaker speaks, as far as their finals and those of the others in the meeting tell."""

    def __init__(self, given: str = "", company: LanguageEvidence | None = None, preferred: Iterable[str] = ()) -> None:
        self.given = given
        codes = [tag.split("-")[0].lower() for tag in preferred]
        self._preferred = {ALSO_CALLED.get(code, code): PREFERRED for code in codes}
        self._own = LanguageEvidence(MOST_OWN)
        self._company = company or LanguageEvidence(MOST_OTHERS)

    @property
    def leaning(self) -> dict[str, float]:
        """For the next utterance; natural logarithms of how much likelier each language became."""
        own, others, preferred = self._own.leaning, self._company.leaning, self._preferred
        names = own.keys() | others.keys() | preferred.keys()
        return {name: own.get(name, 0.0) + max(others.get(name, 0.0), preferred.get(name, 0.0)) for name in names}

    @property
    def likely(self) -> str:
        """The best guess, "" while the speaker said nothing."""
        weights = self._weights()
        return self.given or (max(weights, key=weights.__getitem__) if self._own.leaning else "")

    @property
    def is_sure(self) -> bool:
        best, second = sorted([*self._weights().values(), 0.0, 0.0])[:-3:-1]
        return bool(self.given) or (bool(self._own.leaning) and best - second >= SURE_LEAD)

    def hear(self, languages: Mapping[str, float], seconds: float) -> None:
        """How probable each language is for a final of this length; none when it was not asked for."""
        self._own.hear(languages, seconds)
        self._company.hear(languages or ({self.given.split("-")[0]: 1.0} if self.given else {}), seconds)

    def _weights(self) -> dict[str, float]:
        return {name: more + prior(name) for name, more in self.leaning.items()}
