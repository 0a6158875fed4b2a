"""Which language a speaker speaks, found over many utterances."""

from transcription.engines.base import Window
from transcription.engines.whisper import is_guessed
from transcription.language import MOST_OTHERS, LanguageEvidence, SpeakerLanguage, likeliest


def test_what_was_heard_before_outweighs_a_doubtful_guess() -> None:
    evidence = SpeakerLanguage()
    first = {"la": 0.65, "ro": 0.22, "en": 0.07}
    assert likeliest({"en": 0.72, "ar": 0.08}, evidence.leaning) == "en"
    evidence.hear(first, 3.6)
    evidence.hear({"en": 0.72, "ar": 0.08, "he": 0.07}, 3.0)
    evidence.hear({"en": 0.99}, 1.3)
    assert likeliest({"pt": 0.56, "la": 0.12, "en": 0.03}, evidence.leaning) == "en"


def test_one_clear_utterance_is_enough_and_two_that_are_as_likely_are_not() -> None:
    german, spanish = SpeakerLanguage(), SpeakerLanguage()
    german.hear({"de": 0.98, "nl": 0.02}, 4.0)
    spanish.hear({"es": 0.5, "ca": 0.4}, 3.0)
    assert (german.likely, german.is_sure) == ("de", True)
    assert (spanish.likely, spanish.is_sure) == ("es", False)


def test_who_changes_the_language_is_understood_at_once() -> None:
    evidence = SpeakerLanguage()
    for _ in range(20):
        evidence.hear({"en": 0.98, "cy": 0.02}, 4.0)
    assert likeliest({"de": 0.6, "en": 0.2}, evidence.leaning) == "en"
    clear = {"de": 0.99}
    assert likeliest(clear, evidence.leaning) == "de"
    evidence.hear(clear, 4.0)
    evidence.hear(clear, 4.0)
    assert (evidence.likely, evidence.is_sure) == ("de", True)


def test_short_utterances_count_for_less() -> None:
    evidence = SpeakerLanguage()
    evidence.hear({"de": 0.9}, 0.5)
    evidence.hear({"fr": 0.9}, 3.0)
    assert evidence.likely == "fr"


def test_languages_that_mumbled_english_is_taken_for_need_to_be_clearer() -> None:
    assert likeliest({"la": 0.6, "en": 0.3}, {}) == "en"
    assert likeliest({"cy": 0.97, "en": 0.02}, {}) == "cy"


def test_a_chosen_language_stays_whatever_is_heard() -> None:
    evidence = SpeakerLanguage("pt-BR")
    evidence.hear({"en": 0.99}, 60.0)
    assert (evidence.likely, evidence.is_sure) == ("pt-BR", True)


def test_nothing_heard_is_no_language() -> None:
    assert (SpeakerLanguage().likely, likeliest({}, {})) == ("", "")


def test_a_newcomer_whose_first_words_are_unclear_speaks_what_the_others_speak() -> None:
    company = LanguageEvidence(MOST_OTHERS)
    SpeakerLanguage(company=company).hear({"en": 0.98}, 4.0)
    newcomer = SpeakerLanguage(company=company)
    assert (newcomer.likely, newcomer.is_sure) == ("", False)
    assert likeliest({"he": 0.5, "en": 0.11}, newcomer.leaning) == "en"
    assert likeliest({"de": 0.87, "en": 0.11}, newcomer.leaning) == "de"


def test_what_somebody_chose_tells_of_the_meeting_too() -> None:
    company = LanguageEvidence(MOST_OTHERS)
    SpeakerLanguage("de-AT", company).hear({}, 3.0)
    assert likeliest({"nl": 0.5, "de": 0.2}, SpeakerLanguage(company=company).leaning) == "de"


def test_first_words_are_shown_only_in_a_language_that_is_likelier_than_all_others() -> None:
    alone, among_english = (Window(b"", final=False, leaning=leaning) for leaning in ({}, {"en": 1.6}))
    assert is_guessed(alone, "en", {"en": 0.4, "fr": 0.45})
    assert not is_guessed(among_english, "en", {"en": 0.4, "fr": 0.45})
    assert not is_guessed(alone, "en", {"en": 0.6, "fr": 0.3})
    assert not is_guessed(alone, "en", {})  # it was chosen, or is known from before


def test_unclear_first_words_are_in_a_language_that_the_browser_prefers() -> None:
    newcomer = SpeakerLanguage(preferred=("en-GB", "de"))
    assert (newcomer.likely, newcomer.is_sure) == ("", False)
    assert likeliest({"ro": 0.37, "en": 0.09}, newcomer.leaning) == "en"
    assert likeliest({"nl": 0.5, "de": 0.3}, newcomer.leaning) == "de"
    assert likeliest({"fr": 0.92, "en": 0.05}, newcomer.leaning) == "fr"


def test_what_the_browser_prefers_comes_not_on_top_of_what_the_others_speak() -> None:
    company = LanguageEvidence(MOST_OTHERS)
    SpeakerLanguage(company=company).hear({"en": 0.98}, 4.0)
    guest = SpeakerLanguage(company=company, preferred=("en",))
    assert likeliest({"de": 0.87, "en": 0.11}, guest.leaning) == "de"
    at_home = SpeakerLanguage(company=company, preferred=("de-AT",))
    assert likeliest({"de": 0.5, "en": 0.3}, at_home.leaning) == "de"


def test_what_the_browser_prefers_is_overruled_by_what_is_heard() -> None:
    guest = SpeakerLanguage(preferred=("en",))
    guest.hear({"es": 0.9, "ca": 0.05}, 4.0)
    assert (guest.likely, guest.is_sure) == ("es", True)


def test_a_language_has_the_code_that_the_model_has_for_it() -> None:
    assert SpeakerLanguage(preferred=("nb-NO", "FIL", "x")).leaning.keys() == {"no", "tl", "x"}
