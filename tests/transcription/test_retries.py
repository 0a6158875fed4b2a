"""What a final that came out as a loop is asked again with. The model is scripted."""

from collections.abc import Sequence

import pytest

from transcription.engines.base import UNCLEAR, Hypothesis, SpokenWord, Window
from transcription.engines.whisper import RETRY_TEMPERATURE, WhisperEngine

HEARD = Hypothesis((SpokenWord("hello"),), "en")


class Scripted(WhisperEngine):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, float]] = []  # language, context, temperature

    def _decode_batch(self, windows: Sequence[Window], temperature: float = 0.0) -> list[Hypothesis]:
        [window] = windows
        self.asked.append((window.language, window.context, temperature))
        return [HEARD]


@pytest.mark.parametrize(
    ("found", "leaning", "other"),
    [
        ({"ro": 0.3, "en": 0.6, "ar": 0.04}, {"ro": 5.0, "la": 5.4}, "en"),
        ({"ro": 0.3, "la": 0.6, "en": 0.1}, {}, "en"),  # Latin needs to be much clearer
        ({"ro": 0.9}, {}, ""),
        ({}, {"en": 5.0}, ""),
    ],
)
def test_a_loop_in_a_language_that_was_guessed_is_heard_in_the_next_likeliest(
    found: dict[str, float], leaning: dict[str, float], other: str
) -> None:
    engine = Scripted()
    heard = engine._again(Window(b"", final=True, leaning=leaning), 0.0, "ro", found)
    assert engine.asked == [(other, "", RETRY_TEMPERATURE)]
    assert (heard.texts, heard.language, heard.languages) == (("hello",), "en", found)


def test_a_loop_in_a_chosen_language_is_heard_in_the_same() -> None:
    engine = Scripted()
    engine._again(Window(b"", final=True, language="de"), 0.0, "de", {})
    assert engine.asked == [("de", "", RETRY_TEMPERATURE)]


def test_it_is_heard_without_what_was_said_before_and_given_up_after_the_last_try() -> None:
    engine = Scripted()
    before = Window(b"", final=True, context="as I said", context_samples=16_000)
    engine._again(before, 0.0, "en", {})
    assert engine.asked == [("", "", 0.0)]
    assert engine._again(Window(b"", final=True), RETRY_TEMPERATURE, "en", {"de": 0.4}) is UNCLEAR
