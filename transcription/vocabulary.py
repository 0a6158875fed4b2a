"""Names and terms that sound like what was heard.

A list of names in its prompt makes a small model hear them everywhere, so it is given those alone that may have been
said.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from unicodedata import normalize

ALIKE = 0.6  # of the letters, in their order
SHORT, SHORT_ALIKE = 5, 0.8  # short words are easily alike, and so are pieces of others
MOST_TERMS = 8
MOST_NEAR = 30


def letters(text: str) -> str:
    """What is compared: neither case, accents, spaces nor signs."""
    return "".join(letter for letter in normalize("NFKD", text).casefold() if letter.isalnum())


def alike(words: Sequence[str], terms: Sequence[str]) -> tuple[str, ...]:
    """The terms that the words, or some that follow each other, may be misheard for; none that was heard as it is."""
    heard = [letters(word) for word in words]
    found = (term for term in dict.fromkeys(terms) if not _is_among(term, heard) and _may_be(term, heard))
    return tuple(islice(found, MOST_TERMS))


def near(words: Sequence[str], terms: Sequence[str]) -> tuple[str, ...]:
    """The terms that are among the words or may be: for hearing minutes of the same audio again."""
    heard = [letters(word) for word in words]
    found = (term for term in dict.fromkeys(terms) if _is_among(term, heard) or _may_be(term, heard))
    return tuple(islice(found, MOST_NEAR))


def names_one(before: Sequence[str], after: Sequence[str], terms: Sequence[str]) -> bool:
    """Whether words heard with the terms in mind have one of them, and are the same sentence otherwise."""
    if abs(len(after) - len(before)) > max(2, len(before) // 4):
        return False
    heard = [letters(word) for word in after]
    return any(_is_among(term, heard) for term in terms)


def _is_among(term: str, heard: Sequence[str]) -> bool:
    return letters(term) in _stretches(heard, len(term.split()), 1)


def _may_be(term: str, heard: Sequence[str]) -> bool:
    wanted = letters(term)
    spread, least = (0, SHORT_ALIKE) if len(wanted) < SHORT else (1, ALIKE)
    stretches = set(_stretches(heard, len(term.split()), spread))
    return bool(wanted) and any(_likeness(wanted, stretch, least) >= least for stretch in stretches)


def _stretches(heard: Sequence[str], length: int, spread: int) -> Iterator[str]:
    """As many words as the term has, give or take `spread`: names are heard in pieces, and pieces as names."""
    for count in range(max(1, length - spread), length + spread + 1):
        for first in range(len(heard) - count + 1):
            yield "".join(heard[first : first + count])


def _likeness(term: str, stretch: str, least: float) -> float:
    """0 to 1; 0 as soon as it is clear that it is below `least`."""
    whole = len(term) + len(stretch)
    if 2 * min(len(term), len(stretch)) < least * whole:
        return 0.0
    if 2 * (Counter(term) & Counter(stretch)).total() < least * whole:
        return 0.0
    return SequenceMatcher(None, term, stretch, autojunk=False).ratio()
