from random import Random

from transcription.agreement import EDGE, Agreement, common_prefix
from transcription.captions import SAMPLE_RATE
from transcription.engines.base import SpokenWord

END = 10 * SAMPLE_RATE  # of the window


def words(text: str, confidence: float = 0.9) -> list[SpokenWord]:
    return [SpokenWord(word, confidence=confidence) for word in text.split()]


def unsure(text: str) -> list[SpokenWord]:
    return words(text, 0.2)


def test_a_word_is_agreed_when_two_decodes_in_a_row_have_it() -> None:
    agreement = Agreement()
    agreement.hear(words("We meet"), END)
    assert not agreement.agreed
    agreement.hear(words("we meet, at"), END)
    assert list(agreement.agreed) == ["we", "meet,"]


def test_a_sure_word_is_shown_at_once_and_an_unsure_one_when_it_was_heard_twice() -> None:
    agreement = Agreement()
    agreement.hear(words("we") + unsure("mean"), END)
    assert list(agreement.shown) == ["we"]
    agreement.hear(words("we") + unsure("mean it"), END)
    assert list(agreement.shown) == ["we", "mean"]


def test_an_unsure_word_heard_twice_can_still_be_corrected() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(words("his") + unsure("valve"), END)
    assert list(agreement.agreed) == ["his"]
    agreement.hear(words("his wealth and"), END)
    assert list(agreement.shown) == ["his", "wealth", "and"]


def test_a_shown_word_stays_until_another_takes_its_place() -> None:
    agreement = Agreement()
    agreement.hear(words("we meet at"), END)
    agreement.hear(words("we") + unsure("beat at"), END)
    assert list(agreement.shown) == ["we", "meet", "at"]
    agreement.hear(words("we") + unsure("beat it"), END)
    assert list(agreement.shown) == ["we", "beat"]


def test_a_decode_that_contradicts_agreed_words_does_not_take_them_back() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(words("one two"), END)
    agreement.hear(words("nine two three"), END)
    assert list(agreement.shown) == ["one", "two", "three"]
    assert list(agreement.agreed) == ["one", "two"]


def test_a_better_decode_takes_back_even_agreed_words() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(words("his valve"), END)
    agreement.hear_well(words("his") + unsure("wealth"))
    assert list(agreement.shown) == ["his", "wealth"]
    assert list(agreement.agreed) == ["his"]


def test_words_behind_a_changed_one_stay_shown() -> None:
    agreement = Agreement()
    agreement.hear(words("in others we have had such a skirmish"), END)
    agreement.hear(words("in honest we have had") + unsure("such a") + words("skirmish and"), END)
    assert list(agreement.shown) == "in honest we have had such a skirmish and".split()


def test_an_unsure_word_takes_no_shown_words_place() -> None:
    agreement = Agreement()
    agreement.hear(words("a story regarding Joseph"), END)
    agreement.hear(words("a story") + unsure("regretting") + words("Joseph"), END)
    assert list(agreement.shown) == "a story regarding Joseph".split()
    agreement.hear(words("a story") + unsure("regretting") + words("Joseph"), END)
    assert list(agreement.shown) == "a story regretting Joseph".split()


def test_a_word_that_is_left_out_is_taken_back_the_second_time() -> None:
    agreement = Agreement()
    agreement.hear(words("in others we meet"), END)
    agreement.hear(words("in we meet"), END)
    assert list(agreement.shown) == "in others we meet".split()
    agreement.hear(words("in we meet"), END)
    assert list(agreement.shown) == "in we meet".split()


def test_a_word_at_the_end_of_the_window_may_go_on_and_must_be_surer() -> None:
    agreement = Agreement()
    half = SpokenWord("half", END - SAMPLE_RATE, END - EDGE + 1, confidence=0.7)
    agreement.hear([*words("I said"), half], END)
    assert list(agreement.shown) == ["I", "said"]
    agreement.hear([*words("I said"), half], END + SAMPLE_RATE)
    assert list(agreement.shown) == ["I", "said", "half"]


def test_what_is_left_behind_is_what_was_shown_of_it() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(unsure("where a") + words("purpose and while many"), END)
    assert not agreement.agreed
    assert agreement.settled == {2, 3, 4, 5}
    assert list(agreement.leave(4)) == "where a purpose and".split()
    assert list(agreement.shown) == ["while", "many"]
    agreement.hear(words("while many contend"), END)
    assert list(agreement.shown) == ["while", "many", "contend"]
    assert list(agreement.agreed) == ["while", "many"]


def test_agreed_words_are_always_the_first_that_are_shown() -> None:
    """Whatever is heard: decodes made up of a few words, sure and unsure."""
    random = Random(3)
    for _ in range(300):
        agreement = Agreement()
        for _ in range(8):
            chosen = [SpokenWord(random.choice("abcd"), 0, 0, random.choice((0.2, 0.9))) for _ in range(6)]
            agreement.hear(chosen[: random.randrange(7)], END)
            assert agreement.shown[: len(agreement.agreed)] == agreement.agreed


def test_case_and_punctuation_do_not_matter() -> None:
    assert common_prefix(["Yes,", "we", "can"], ["yes", "We", "could"]) == 2
