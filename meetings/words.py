"""The words of a corrected line keep the times they were spoken at.

In scripts that are written without spaces every character is a word, whatever the line's language is taken for: a line
may hold several scripts, and people type spaces.
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TypedDict

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Thai, Lao, Burmese
    "\u3001-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff9f\U00020000-\U000323af"  # Japanese, Chinese
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_EDGE = re.compile(rf"[{_UNSPACED}]")


class TimedWord(TypedDict):
    """A word as `Segment.words` holds it. A person's own words have confidence 1."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


def words_of(text: str) -> list[str]:
    return _WORD.findall(text)


def joined(first: str, second: str) -> str:
    """Two texts as one, with a space where both are written with spaces."""
    unspaced = not (first and second) or _EDGE.match(first[-1]) or _EDGE.match(second[0])
    return first + ("" if unspaced else " ") + second


def retime(words: Sequence[TimedWord], tokens: Sequence[str], start_ms: int, end_ms: int) -> list[TimedWord]:
    """The words a line has now: those that were there keep time and confidence, new ones share the time between."""
    old = [part for word in words for part in _parts(word)]
    matcher = SequenceMatcher(None, [_key(word["text"]) for word in old], [_key(token) for token in tokens], False)
    timed: list[TimedWord] = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(old[old_from:old_to], tokens[new_from:new_to], strict=True)
            timed += [_renamed(word, token) for word, token in pairs]
            continue
        begin = old[old_from - 1]["end_ms"] if old_from else start_ms
        end = old[old_to]["start_ms"] if old_to < len(old) else end_ms
        if old_from < old_to:
            begin, end = old[old_from]["start_ms"], old[old_to - 1]["end_ms"]
        timed += spread(tokens[new_from:new_to], begin, max(begin, end))
    return timed


def spread(tokens: Sequence[str], start_ms: int, end_ms: int, confidence: float = 1.0) -> list[TimedWord]:
    """Words that share a time by their lengths."""
    total = sum(len(token) for token in tokens)
    edges = [start_ms]
    for token in tokens:
        edges.append(edges[-1] + (end_ms - start_ms) * len(token) // total)
    return [
        TimedWord(text=token, start_ms=edges[at], end_ms=edges[at + 1], confidence=confidence)
        for at, token in enumerate(tokens)
    ]


def _parts(word: TimedWord) -> list[TimedWord]:
    return spread(words_of(word["text"]), word["start_ms"], word["end_ms"], word["confidence"])


def _renamed(word: TimedWord, token: str) -> TimedWord:
    return TimedWord(text=token, start_ms=word["start_ms"], end_ms=word["end_ms"], confidence=word["confidence"])


def _key(token: str) -> str:
    """What makes a word the same word: neither case nor punctuation."""
    letters = "".join(letter for letter in token if unicodedata.category(letter)[0] not in "PZ")
    return letters.casefold() or token
