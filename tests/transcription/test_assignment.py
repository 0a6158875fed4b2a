"""Words go to who speaks them; a stray word stays in its sentence."""

import pytest

from transcription.diarization.assignment import Run, Speakers, runs
from transcription.diarization.turns import MAX_SPEAKERS, SpeakerCount, Turn, by_first_word


class Spoken:
    def __init__(self, start_ms: int, end_ms: int) -> None:
        self.start_ms = start_ms
        self.end_ms = end_ms


def words(*times: tuple[int, int]) -> list[Spoken]:
    return [Spoken(start, end) for start, end in times]


def test_a_word_belongs_to_who_covers_most_of_it() -> None:
    speakers = Speakers([Turn(0, 1_000, 0), Turn(1_000, 2_000, 1)])
    assert speakers.of(700, 1_200) == 0
    assert speakers.of(900, 1_500) == 1


def test_who_interrupts_has_the_words_spoken_over_another() -> None:
    speakers = Speakers([Turn(0, 10_000, 0), Turn(4_000, 5_000, 1)])
    assert [speakers.of(at, at + 200) for at in (3_000, 4_300, 6_000)] == [0, 1, 0]


def test_a_word_just_outside_every_turn_belongs_to_the_nearest() -> None:
    speakers = Speakers([Turn(0, 1_000, 0), Turn(3_000, 4_000, 1)])
    assert speakers.of(1_200, 1_400) == 0
    assert speakers.of(2_600, 2_900) == 1
    assert speakers.of(60_000, 60_300) is None


def test_a_word_without_length_has_a_speaker_too() -> None:
    assert Speakers([Turn(0, 1_000, 0)]).of(500, 500) == 0


def test_a_long_turn_is_found_behind_many_short_ones() -> None:
    turns = [Turn(0, 60_000, 0), *(Turn(at, at + 10, 1) for at in range(100, 3_000, 100))]
    assert Speakers(turns).of(50_000, 50_300) == 0


def test_a_line_of_two_speakers_has_two_runs() -> None:
    line = words((0, 400), (400, 900), (1_100, 1_500), (1_500, 2_500))
    speakers = Speakers([Turn(0, 1_000, 0), Turn(1_000, 3_000, 1)])
    assert runs(line, speakers) == [Run(0, 2, 0), Run(2, 4, 1)]


def test_a_stray_short_word_stays_in_the_sentence_around_it() -> None:
    line = words((0, 400), (500, 700), (800, 1_200))
    assert runs(line, Speakers([Turn(0, 480, 0), Turn(480, 720, 1), Turn(720, 1_300, 0)])) == [Run(0, 3, 0)]


def test_words_that_nobody_said_belong_to_their_neighbours() -> None:
    line = words((0, 100), (20_000, 20_100), (40_000, 40_200))
    assert runs(line, Speakers([Turn(20_000, 20_100, 1)])) == [Run(0, 3, 1)]
    assert runs(line, Speakers([])) == [Run(0, 3, None)]
    assert runs([], Speakers([])) == []


def test_speakers_are_numbered_as_they_are_first_heard() -> None:
    assert by_first_word([Turn(5, 9, 0), Turn(0, 4, 7), Turn(6, 8, 7)]) == [Turn(0, 4, 0), Turn(5, 9, 1), Turn(6, 8, 0)]


@pytest.mark.parametrize(("least", "most"), [(0, 2), (3, 2), (1, MAX_SPEAKERS + 1), (-1, None)])
def test_senseless_numbers_of_speakers_are_refused(least: int, most: int | None) -> None:
    with pytest.raises(ValueError, match="speakers"):
        SpeakerCount(least, most)
