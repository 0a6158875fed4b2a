"""What to do with Whisper's tokens: words, loops and invented text."""

import zlib
from collections.abc import Sequence

from faster_whisper.tokenizer import Tokenizer

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces: every character is a word
GHOSTS = {
    "thank you", "thanks for watching", "thank you for watching", "you", "bye", "bye bye", "the end", "music",
    "subtitles by the amara org community", "please subscribe",
}  # fmt: skip


def join_words(tokenizer: Tokenizer, tokens: Sequence[int]) -> list[str]:
    text = tokenizer.decode(list(tokens)).strip()
    return list(text) if tokenizer.language_code in UNSPACED else text.split()


def cut_repetition(tokens: list[int], longest: int = 24) -> list[int]:
    """Keep one copy of a tail that is said three times or more."""
    for length in range(1, longest + 1):
        repeats = 1
        tail = tokens[-length:]
        while tokens[-length * (repeats + 1) : -length * repeats] == tail:
            repeats += 1
        if repeats >= (3 if length > 2 else 5):
            return tokens[: len(tokens) - length * (repeats - 1)]
    return tokens


def is_invented(text: str, logprob: float, no_speech: float) -> bool:
    """Text for audio without speech: nothing like it was said."""
    plain = "".join(char for char in text.casefold() if char.isalnum() or char == " ").strip()
    if not plain:
        return True
    if no_speech > 0.6 and logprob < -1.0:
        return True
    if plain in GHOSTS and no_speech > 0.4 and logprob < -0.5:
        return True
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) > 2.4
