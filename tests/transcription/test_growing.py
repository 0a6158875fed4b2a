import pytest

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import Hypothesis, SpokenWord
from transcription.growing import LONG, GrowingCaption

START = 5 * SAMPLE_RATE


def said(text: str, first: float = 0.0, unsure: int = 0) -> Hypothesis:
    """A word every half second from `first` on; the model is unsure of so many at the start."""
    words = []
    for place, word in enumerate(text.split()):
        start = round((first + place / 2) * SAMPLE_RATE)
        words.append(SpokenWord(word, start, start + SAMPLE_RATE // 2, 0.2 if place < unsure else 0.9))
    return Hypothesis(tuple(words), "en")


def test_a_long_caption_goes_on_behind_words_that_never_settle() -> None:
    caption = GrowingCaption(START)
    later = " every purpose and while many contend that its meat is not so delicate and fine"
    end = START + LONG + SAMPLE_RATE
    caption.hear(said("where a research" + later, unsure=3), end)
    caption.hear(said("show our research" + later, unsure=3), end)
    assert caption.start > START
    assert caption.partial is not None
    assert caption.partial.text.endswith("delicate and fine")

    shown = caption.partial.text
    caption.hear(said("fine in taste", first=(end - caption.start) / SAMPLE_RATE - 1), end + SAMPLE_RATE)
    assert caption.partial.text.startswith(shown.removesuffix("fine").strip()[:20])
    assert caption.partial.text.endswith("fine in taste")


def test_a_short_caption_waits_for_its_words_to_settle() -> None:
    caption = GrowingCaption(START)
    for _ in range(2):
        caption.hear(said("where a research. And then", unsure=3), START + 4 * SAMPLE_RATE)
    assert caption.start == START


def test_the_next_decode_may_find_all_that_was_said_since_the_last_word() -> None:
    caption = GrowingCaption(START)
    caption.hear(said("that it is"), START + 4 * SAMPLE_RATE)  # a decode that was cut
    _, guess, heard = caption.known
    assert guess == "that it is"
    assert heard == START + SAMPLE_RATE * 3 // 2


def test_a_partial_is_as_sure_as_the_words_it_shows() -> None:
    caption = GrowingCaption(START)
    caption.hear(said("maybe sure", unsure=1), START + 4 * SAMPLE_RATE)
    assert caption.partial is not None
    assert (caption.partial.text, caption.partial.confidence) == ("", 0.0)
    caption.hear(said("maybe sure", unsure=1), START + 5 * SAMPLE_RATE)
    assert caption.partial.text == "maybe sure"
    assert caption.partial.confidence == pytest.approx((5 * 0.2 + 4 * 0.9) / 9)


def test_words_that_are_not_decoded_any_more_stay_as_sure_as_they_were() -> None:
    caption = GrowingCaption(START)
    for _ in range(2):
        caption.hear(said("we begin. now the rest"), START + 4 * SAMPLE_RATE)
    assert caption.start > START
    caption.hear(said("now the rest", unsure=3), START + 5 * SAMPLE_RATE)
    assert caption.partial is not None
    assert caption.partial.text == "we begin. now the rest"
    assert 0.2 < caption.partial.confidence < 0.9


def test_nothing_is_known_before_a_word_was_heard() -> None:
    caption = GrowingCaption(START)
    caption.hear(Hypothesis(()), START + SAMPLE_RATE)
    assert caption.known == ("", "", START)
