"""From what a transcription server answers to words in samples.

Servers differ: some give words with times (often without punctuation), some only segments, some only the text. The
text is what is shown; times are taken from the finest that is there and shared out by length where it is missing.
"""

import math
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

import msgspec

from transcription.agreement import fold
from transcription.captions import SAMPLE_RATE
from transcription.engines.base import UNCLEAR, Hypothesis, SpokenWord
from transcription.engines.language_names import language_code
from transcription.engines.whisper_text import is_invented, is_loop
from transcription.language import split_words

CERTAIN = 1.0  # of servers that say nothing of confidence


class TimedWord(msgspec.Struct):
    word: str
    start: float = 0.0  # seconds
    end: float = 0.0
    probability: float | None = None  # some servers' own


class TimedSegment(msgspec.Struct):
    text: str = ""
    start: float = 0.0
    end: float = 0.0
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0


class Transcription(msgspec.Struct):
    """`json` has the text alone, `verbose_json` the rest; unknown fields are left aside."""

    text: str
    language: str | None = None  # a code or an English name
    words: list[TimedWord] | None = None
    segments: list[TimedSegment] | None = None


def heard(answer: Transcription, samples: int, language: str, *, final: bool) -> Hypothesis:
    """`language` is what was asked for. Raises nothing: numbers that cannot be are put right."""
    said = "" if language else language_code(answer.language or "")
    found, language = ({said: CERTAIN} if said else {}), language or said
    segments = answer.segments or [TimedSegment(answer.text, 0.0, samples / SAMPLE_RATE)]
    kept = [part for part in segments if not is_invented(part.text, part.avg_logprob, part.no_speech_prob)]
    text = answer.text if len(kept) == len(segments) else " ".join(part.text.strip() for part in kept)
    words = split_words(text, language)
    if words and is_loop(text):
        return UNCLEAR if final else Hypothesis((), language, found)
    anchors = _matched(words, answer.words) if answer.words else _shares(words, kept, language)
    spoken = _timed(words, anchors, samples, _confidence(kept))
    return Hypothesis(tuple(spoken), language, found)


def _confidence(segments: Sequence[TimedSegment]) -> float:
    """Of servers that tell it for segments only; CERTAIN where they do not."""
    letters = sum(len(part.text) for part in segments) or 1
    return math.exp(min(0.0, sum(part.avg_logprob * len(part.text) for part in segments) / letters))


def _matched(words: Sequence[str], timed: Sequence[TimedWord]) -> dict[int, TimedWord]:
    """Place in the text → the server's word for it, where there is one."""
    ours, theirs = [fold(word) for word in words], [fold(word.word) for word in timed]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return {
        block.a + step: timed[block.b + step] for block in matcher.get_matching_blocks() for step in range(block.size)
    }


def _shares(words: Sequence[str], segments: Sequence[TimedSegment], language: str) -> dict[int, TimedWord]:
    """Each segment's time shared out among as many words as it has, by their length."""
    anchors: dict[int, TimedWord] = {}
    place = 0
    for segment in segments:
        part = words[place : place + len(split_words(segment.text, language))]
        letters = sum(len(word) for word in part) or 1
        start = segment.start
        for word in part:
            end = start + (segment.end - segment.start) * len(word) / letters
            anchors[place] = TimedWord(word, start, end)
            start, place = end, place + 1
    return anchors


def _timed(words: Sequence[str], anchors: dict[int, TimedWord], samples: int, confidence: float) -> list[SpokenWord]:
    """Words in order and inside the window; a word without a time lies between its neighbours."""
    bounds = [0] * (2 * len(words))
    known = sorted(anchors)
    for place in known:
        bounds[2 * place] = _sample(anchors[place].start, samples)
        bounds[2 * place + 1] = _sample(anchors[place].end, samples)
    edges = [-1, *known, len(words)]
    for before, after in pairwise(edges):
        low = bounds[2 * before + 1] if before >= 0 else 0
        high = bounds[2 * after] if after < len(words) else samples
        missing = after - before - 1
        for step in range(missing):
            bounds[2 * (before + 1 + step)] = low + (high - low) * step // missing
            bounds[2 * (before + 1 + step) + 1] = low + (high - low) * (step + 1) // missing
    for index in range(1, len(bounds)):
        bounds[index] = max(bounds[index], bounds[index - 1])
    return [
        SpokenWord(word, bounds[2 * place], bounds[2 * place + 1], _probability(anchors.get(place), confidence))
        for place, word in enumerate(words)
    ]


def _probability(word: TimedWord | None, otherwise: float) -> float:
    if word is None or word.probability is None:
        return otherwise
    return min(1.0, max(0.0, word.probability))


def _sample(seconds: float, samples: int) -> int:
    return min(samples, max(0, round(seconds * SAMPLE_RATE))) if math.isfinite(seconds) else 0
