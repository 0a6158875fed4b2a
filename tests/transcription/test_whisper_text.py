from transcription.captions import SAMPLE_RATE
from transcription.engines.base import SpokenWord
from transcription.engines.whisper_text import drop_echo, echo_length, is_invented, is_loop


def timed(text: str, seconds: float) -> tuple[SpokenWord, ...]:
    length = round(seconds * SAMPLE_RATE)
    return tuple(SpokenWord(word, index * length, (index + 1) * length) for index, word in enumerate(text.split()))


def instant(text: str) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(word, 90_000, 90_000) for word in text.split())


def test_an_echo_may_be_a_whole_sentence_or_break_off() -> None:
    assert echo_length("I said happily, I said happily".split()) == 3
    assert echo_length("the cost of the committee, I guess, the cost of".split()) == 3
    assert echo_length("nothing comes twice".split()) == 0


def test_an_echo_without_time_is_cut() -> None:
    words = drop_echo(timed("I said happily,", 0.4) + instant("I said happily, I said"))
    assert [word.text for word in words] == ["I", "said", "happily,"]


def test_words_that_were_really_said_twice_stay() -> None:
    spoken = timed("no no no no", 0.3)
    assert drop_echo(spoken) == spoken


def test_a_ghost_phrase_is_dropped_only_when_the_audio_has_no_speech() -> None:
    assert is_invented("Thank you.", logprob=-0.8, no_speech=0.7)
    assert not is_invented("Thank you.", logprob=-0.2, no_speech=0.1)
    assert not is_invented("The budget is approved.", logprob=-0.8, no_speech=0.7)
    assert is_invented(" . . . ", logprob=-0.1, no_speech=0.1)


def test_a_loop_is_told_by_how_well_it_compresses() -> None:
    assert is_loop("and so we do it " * 20)
    assert not is_loop("The quarterly figures look better than we feared when we met in March.")
