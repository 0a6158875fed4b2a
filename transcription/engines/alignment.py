"""When each word was spoken and how sure the model is, from the decoder's attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_whisper.tokenizer import Tokenizer

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import SpokenWord
from transcription.language import UNSPACED

STEP = SAMPLE_RATE // 50  # samples of one encoder position
FRAMES_A_SECOND = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model read in a window of `samples`: text tokens, the first `known` of which were given to it."""

    tokenizer: Tokenizer
    tokens: Sequence[int]
    samples: int
    known: int = 0


def align_words(model: Any, encoded: Any, readings: Sequence[Reading]) -> list[tuple[SpokenWord, ...]]:
    """For each reading, its words after the known ones, with their place in the window."""
    start = readings[0].tokenizer.sot_sequence  # its language makes no difference to the attention
    frames = [reading.samples * FRAMES_A_SECOND // SAMPLE_RATE for reading in readings]
    tokens = [list(reading.tokens) or [0] for reading in readings]
    aligned = model.align(encoded, start, tokens, frames, median_filter_width=7)
    return [_words(reading, found) for reading, found in zip(readings, aligned, strict=True)]


def _words(reading: Reading, aligned: Any) -> tuple[SpokenWord, ...]:
    if len(reading.tokens) <= reading.known:
        return ()
    tokenizer = reading.tokenizer
    texts, groups = tokenizer.split_to_word_tokens([*reading.tokens, tokenizer.eot])
    starts = _token_starts(aligned.alignments)
    edges = np.minimum(np.cumsum([0, *map(len, groups[:-1])]), len(starts) - 1)
    chances = aligned.text_token_probs
    words: list[SpokenWord] = []
    for index, text in enumerate(texts[:-1]):
        first, last = edges[index], edges[index + 1]
        if first < reading.known:
            continue
        confidence = float(np.mean(chances[first : max(last, first + 1)])) if first < len(chances) else 0.0
        word = SpokenWord(text, int(starts[first]), int(starts[last]), round(confidence, 3))
        _append(words, word, glued=not text.startswith(" ") and tokenizer.language_code not in UNSPACED)
    return tuple(words)


def _token_starts(alignments: Sequence[tuple[int, int]]) -> "np.typing.NDArray[np.int64]":
    """The sample at which each token starts, the end of the text included."""
    texts = np.array([pair[0] for pair in alignments])
    times = np.array([pair[1] for pair in alignments]) * STEP
    return times[np.r_[True, np.diff(texts) > 0]]


def _append(words: list[SpokenWord], word: SpokenWord, *, glued: bool) -> None:
    """Punctuation and parts of words belong to the word before; punctuation before the first word to none."""
    text = word.text.strip()
    spoken = any(char.isalnum() for char in text)
    if words and (glued or not spoken):
        before = words.pop()
        words.append(SpokenWord(before.text + text, before.start, max(before.end, word.end), before.confidence))
    elif spoken:
        words.append(SpokenWord(text, word.start, word.end, word.confidence))
