"""Which names the recogniser is told of: those that words may have been misheard for."""

import pytest

from transcription.vocabulary import MOST_TERMS, alike, names_one, near

TERMS = ("Nuzhat al-Zaman", "Manasseh", "Judah", "Kubernetes", "Ada", "Grace Hopper", "München", "ISO 27001")


@pytest.mark.parametrize(
    ("heard", "terms"),
    [
        ("When Nusat Alzaman heard it", ["Nuzhat al-Zaman"]),
        ("Ephraim, and Minasae.", ["Manasseh"]),
        ("the tribes of Benjamin and Judo.", ["Judah"]),
        ("we run it on cooper netties", ["Kubernetes"]),
        ("ask Gray Shopper for that", ["Grace Hopper"]),
        ("she lives in Munchin", ["München"]),
        ("that is ISO 27,001", []),
        ("and I had a bad day", []),
        ("Judah and Grace Hopper were here.", []),
        ("", []),
    ],
)
def test_terms_are_found_that_sound_like_what_was_heard(heard: str, terms: list[str]) -> None:
    assert list(alike(heard.split(), TERMS)) == terms


def test_however_many_there_are_few_are_told() -> None:
    terms = [f"Alexandra{letter}" for letter in "abcdefghijklmnop"]
    assert len(alike(["Alexandre"], terms)) == MOST_TERMS
    assert alike(["Alexandre"], ["", "-", "Alexandra", "Alexandra"]) == ("Alexandra",)


def test_what_was_heard_is_told_again_to_who_hears_it_later() -> None:
    heard = "Minasae and Judah live in Munchin".split()
    assert near(heard, TERMS) == ("Manasseh", "Judah", "München")


def test_a_second_hearing_counts_when_it_has_a_name_and_is_the_same_sentence() -> None:
    before = "the tribes of Benjamin and Judo".split()
    assert names_one(before, "the tribes of Benjamin and Judah".split(), ["Judah"])
    assert not names_one(before, "the tribes of Benjamin and Judo".split(), ["Judah"])
    assert not names_one(before, ["Judah"] * 30, ["Judah"])
    assert not names_one("it has been done".split(), "it has been done".split(), ["Ben"])
