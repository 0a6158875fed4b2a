"""The words of a corrected line keep the times they were spoken at."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TypedDict


class TimedWord(TypedDict):
    """A word as `Segment.words` holds it. A person's own words have confidence 1."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


def retime(words: Sequence[TimedWord], text: str, start_ms: int, end_ms: int) -> list[TimedWord]:
    """The words of `text`: those that were there keep time and confidence, new ones share the time between."""
    spaced = any(character.isspace() for character in text) or len(words) < 2
    old = list(words) if spaced else [letter for word in words for letter in _letters(word)]
    tokens = text.split() if spaced else list(text)
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


def _letters(word: TimedWord) -> list[TimedWord]:
    return spread(list(word["text"]), word["start_ms"], word["end_ms"], word["confidence"])


def _renamed(word: TimedWord, token: str) -> TimedWord:
    return TimedWord(text=token, start_ms=word["start_ms"], end_ms=word["end_ms"], confidence=word["confidence"])


def _key(token: str) -> str:
    """What makes a word the same word: neither case nor punctuation."""
    letters = "".join(letter for letter in token if unicodedata.category(letter)[0] not in "PZ")
    return letters.casefold() or token
