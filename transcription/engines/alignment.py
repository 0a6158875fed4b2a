"""When each word was spoken and how sure the model is, from the decoder's attention."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from faster_whisper.tokenizer import Tokenizer

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import SpokenWord
from transcription.engines.whisper_text import UNSPACED

STEP = SAMPLE_RATE // 50  # samples of one encoder position
FRAMES_A_SECOND = 100


def align_words(
    model: Any, encoded: Any, tokenizer: Tokenizer, tokens: Sequence[int], samples: int, known: int = 0
) -> tuple[SpokenWord, ...]:
    """Words of text `tokens` after the first `known`, with their place in the first `samples` of the encoded audio."""
    if len(tokens) <= known:
        return ()
    frames = samples * FRAMES_A_SECOND // SAMPLE_RATE
    aligned = model.align(encoded, tokenizer.sot_sequence, [list(tokens)], frames, median_filter_width=7)[0]
    texts, groups = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    starts = _token_starts(aligned.alignments)
    edges = np.minimum(np.cumsum([0, *map(len, groups[:-1])]), len(starts) - 1)
    chances = aligned.text_token_probs
    words: list[SpokenWord] = []
    for index, text in enumerate(texts[:-1]):
        first, last = edges[index], edges[index + 1]
        if first < known:
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
    """Punctuation and parts of words belong to the word before."""
    text = word.text.strip()
    if glued and words:
        before = words.pop()
        words.append(SpokenWord(before.text + text, before.start, max(before.end, word.end), before.confidence))
    elif text:
        words.append(SpokenWord(text, word.start, word.end, word.confidence))
