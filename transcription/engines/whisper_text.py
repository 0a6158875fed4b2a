"""What to do with Whisper's text: words, loops, echoes and inventions."""

import zlib
from collections.abc import Sequence

from faster_whisper.tokenizer import Tokenizer

from transcription.agreement import fold
from transcription.captions import SAMPLE_RATE
from transcription.engines.base import SpokenWord

GHOSTS = {
    "thank you", "thanks for watching", "thank you for watching", "you", "bye", "bye bye", "the end", "music",
    "subtitles by the amara org community", "please subscribe",
}  # fmt: skip
LOOP_RATIO = 2.4  # of compression: more is a loop
INSTANT = SAMPLE_RATE // 50  # a word this short was not spoken


def text_tokens(tokenizer: Tokenizer, tokens: Sequence[int], samples: int) -> list[int]:
    """Those of the text, without segments that start beyond the audio."""
    last = tokenizer.timestamp_begin + samples * 50 // SAMPLE_RATE - 5
    kept: list[int] = []
    for before, token in zip([0, *tokens], tokens, strict=False):
        if token >= last and before >= last and kept:
            break
        if token < tokenizer.eot:
            kept.append(token)
    return kept


def echo_length(words: Sequence[str]) -> int:
    """How many words at the end only say again what was said before; 0 when the end is new."""
    folded = [fold(word) for word in words]
    longest = 0
    for period in range(1, len(folded)):
        length = 0
        while length < len(folded) - period and folded[-1 - length] == folded[-1 - length - period]:
            length += 1
        longest = max(longest, length)
    return longest


def drop_echo(words: Sequence[SpokenWord]) -> tuple[SpokenWord, ...]:
    """Without the end that the model made up by repeating itself: alignment finds no time for it."""
    length = echo_length([word.text for word in words])
    tail = words[len(words) - length :]
    unspoken = sum(word.end - word.start <= INSTANT for word in tail)
    return tuple(words[: len(words) - length] if length and 2 * unspoken >= length else words)


def is_loop(text: str) -> bool:
    raw = text.encode()
    return len(raw) / max(1, len(zlib.compress(raw))) > LOOP_RATIO


def is_ghost(text: str) -> bool:
    """One of the phrases that Whisper writes where it hears no words; people say them too."""
    return _plain(text) in GHOSTS


def is_invented(text: str, logprob: float, no_speech: float) -> bool:
    """Text for audio without speech: nothing like it was said."""
    if not _plain(text) or (no_speech > 0.6 and logprob < -1.0):
        return True
    return is_ghost(text) and no_speech > 0.4 and logprob < -0.5


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum() or char == " ").strip()
