from transcription.agreement import Agreement, common_prefix
from transcription.engines.base import SpokenWord


def words(text: str, confidence: float = 0.9) -> list[SpokenWord]:
    return [SpokenWord(word, confidence=confidence) for word in text.split()]


def unsure(text: str) -> list[SpokenWord]:
    return words(text, 0.2)


def test_a_word_is_agreed_when_two_decodes_in_a_row_have_it() -> None:
    agreement = Agreement()
    agreement.hear(words("We meet"))
    assert not agreement.agreed
    agreement.hear(words("we meet, at"))
    assert list(agreement.agreed) == ["we", "meet,"]


def test_a_sure_word_is_shown_at_once_and_an_unsure_one_when_it_was_heard_twice() -> None:
    agreement = Agreement()
    agreement.hear(words("we") + unsure("mean"))
    assert list(agreement.shown) == ["we"]
    agreement.hear(words("we") + unsure("mean it"))
    assert list(agreement.shown) == ["we", "mean"]


def test_an_unsure_word_heard_twice_can_still_be_corrected() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(words("his") + unsure("valve"))
    assert list(agreement.agreed) == ["his"]
    agreement.hear(words("his wealth and"))
    assert list(agreement.shown) == ["his", "wealth", "and"]


def test_a_shown_word_stays_until_another_takes_its_place() -> None:
    agreement = Agreement()
    agreement.hear(words("we meet at"))
    agreement.hear(words("we") + unsure("beat at"))
    assert list(agreement.shown) == ["we", "meet", "at"]
    agreement.hear(words("we") + unsure("beat it"))
    assert list(agreement.shown) == ["we", "beat"]


def test_a_decode_that_contradicts_agreed_words_does_not_take_them_back() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(words("one two"))
    agreement.hear(words("nine two three"))
    assert list(agreement.shown) == ["one", "two", "three"]
    assert list(agreement.agreed) == ["one", "two"]


def test_a_better_decode_takes_back_even_agreed_words() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(words("his valve"))
    agreement.hear_well(words("his") + unsure("wealth"))
    assert list(agreement.shown) == ["his", "wealth"]
    assert list(agreement.agreed) == ["his"]


def test_case_and_punctuation_do_not_matter() -> None:
    assert common_prefix(["Yes,", "we", "can"], ["yes", "We", "could"]) == 2
