"""How languages are written: with spaces between words, or without."""

from collections.abc import Iterable

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces: every character is a word


def join_words(words: Iterable[str], language: str) -> str:
    """The text of the words, as the language is written."""
    return ("" if language in UNSPACED else " ").join(words)


def split_words(text: str, language: str) -> list[str]:
    return list(text.strip()) if language in UNSPACED else text.split()
