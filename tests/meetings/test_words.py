"""The times of a corrected line's words."""

import pytest

from meetings.words import TimedWord, joined, retime, words_of


def spoken(*words: tuple[str, int, int]) -> list[TimedWord]:
    return [TimedWord(text=text, start_ms=start, end_ms=end, confidence=0.5) for text, start, end in words]


SENTENCE = spoken(("The", 100, 200), ("bugdet", 200, 600), ("is", 600, 700), ("fine", 700, 1_000))


def times(text: str, words: list[TimedWord] = SENTENCE, end_ms: int = 1_200) -> list[tuple[str, int, int]]:
    return [(word["text"], word["start_ms"], word["end_ms"]) for word in retime(words, words_of(text), 0, end_ms)]


def test_a_changed_word_takes_the_place_of_the_old_one() -> None:
    assert times("The budget is fine")[:2] == [("The", 100, 200), ("budget", 200, 600)]
    assert times("The budget is fine")[2:] == [("is", 600, 700), ("fine", 700, 1_000)]


def test_several_words_share_the_time_of_one() -> None:
    assert times("The big budgets is fine")[1:3] == [("big", 200, 320), ("budgets", 320, 600)]


def test_case_and_punctuation_do_not_make_another_word() -> None:
    words = retime(SENTENCE, words_of("the bugdet is, fine!"), 0, 1_200)
    assert [(word["text"], word["confidence"]) for word in words][2:] == [("is,", 0.5), ("fine!", 0.5)]


def test_words_of_a_person_are_certain() -> None:
    words = retime(SENTENCE, words_of("The budget is fine"), 0, 1_200)
    assert [word["confidence"] for word in words] == [0.5, 1.0, 0.5, 0.5]


def test_added_words_stand_in_the_pause() -> None:
    assert times("So The bugdet is fine then")[0] == ("So", 0, 100)
    assert times("So The bugdet is fine then")[-1] == ("then", 1_000, 1_200)


@pytest.mark.parametrize("text", ["fine", "nothing of it", "The The The", "😀 " * 50])
def test_times_never_run_backwards(text: str) -> None:
    edges = [edge for _, start, end in times(text) for edge in (start, end)]
    assert edges == sorted(edges)
    assert 0 <= edges[0] <= edges[-1] <= 1_200


def test_a_line_without_spaces_is_timed_by_the_character() -> None:
    words = spoken(("会議", 0, 400), ("です", 400, 800))
    assert times("会議だ", words, 800) == [("会", 0, 200), ("議", 200, 400), ("だ", 400, 800)]


def test_a_space_among_characters_loses_no_times() -> None:
    words = spoken(("我", 0, 200), ("用", 200, 400), ("電腦", 400, 800))
    assert times("我用 Python 電腦", words, 800) == [
        ("我", 0, 200), ("用", 200, 400), ("Python", 400, 400), ("電", 400, 600), ("腦", 600, 800),
    ]  # fmt: skip
    assert [word["confidence"] for word in retime(words, words_of("我 用電腦。"), 0, 800)] == [0.5, 0.5, 0.5, 0.5, 1.0]


@pytest.mark.parametrize(("first", "second", "whole"), [
    ("Good", "morning.", "Good morning."), ("你好。", "世界", "你好。世界"), ("用", "Python", "用Python"),
    ("สวัสดี", "ครับ", "สวัสดีครับ"), ("안녕", "하세요", "안녕 하세요"), ("", "morning", "morning"), ("Good", "", "Good"),
])  # fmt: skip
def test_two_texts_become_one_as_their_scripts_are_written(first: str, second: str, whole: str) -> None:
    assert joined(first, second) == whole


def test_a_line_whose_words_are_not_known_shares_its_time() -> None:
    assert times("ab cd", [], 1_000) == [("ab", 0, 500), ("cd", 500, 1_000)]
