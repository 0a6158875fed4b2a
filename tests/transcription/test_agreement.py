from transcription.agreement import Agreement, common_prefix


def test_a_word_is_agreed_when_two_decodes_in_a_row_have_it() -> None:
    agreement = Agreement()
    agreement.hear(["We", "meet"])
    assert list(agreement.agreed) == []
    agreement.hear(["we", "meet,", "at"])
    assert list(agreement.agreed) == ["we", "meet,"]


def test_a_decode_that_contradicts_agreed_words_does_not_take_them_back() -> None:
    agreement = Agreement()
    for _ in range(2):
        agreement.hear(["one", "two"])
    agreement.hear(["nine", "two", "three"])
    assert agreement.shown == ("one", "two", "three")
    assert agreement.agreed == ("one", "two")


def test_case_and_punctuation_do_not_matter() -> None:
    assert common_prefix(["Yes,", "we", "can"], ["yes", "We", "could"]) == 2
