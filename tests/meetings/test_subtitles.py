"""Subtitles that players read: short lines, one to seven seconds, everybody's words unchanged."""

import html
import re
from datetime import timedelta

import srt
import webvtt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meetings.exports import Minutes
from meetings.exports.cues import LINE_WIDTH, LONGEST_MS, SHORTEST_MS, cues, width
from meetings.exports.minutes import Line, TimedWord
from meetings.exports.subtitles import render_srt, render_vtt
from meetings.exports.wording import one_line

NASTY = [
    "&",
    "&lt;",
    "&amp;",
    "<",
    "-->",
    "</v>",
    "<b>",
    "{\\an8}",
    "WEBVTT",
    "NOTE x",
    "1\n\n2",
    "\x00",
    "\u202eflow",
    "مرحبا",
    "👩‍👩‍👧",
    "会议纪要",
]
text = st.lists(st.sampled_from(NASTY) | st.text(max_size=60), max_size=12).map(" ".join)
LONG = "word " * 2_000


def line(name: str, said: str, start_ms: int = 0, length_ms: int = 5_000) -> Line:
    return Line("00:00", name, said, start_ms=start_ms, end_ms=start_ms + length_ms)


def minutes(*lines: Line) -> Minutes:
    return Minutes("Title", "2026-03-02", "14:00", "15:00", "CET", "1 h", "Ada", (), (), lines)


def spoken(start_ms: int, *words: tuple[str, int, int]) -> Line:
    timed = tuple(TimedWord(said, start_ms + start, start_ms + end) for said, start, end in words)
    whole = " ".join(word.text for word in timed)
    return Line("00:00", "Ada", whole, start_ms=start_ms, end_ms=timed[-1].end_ms, words=timed)


def heard(document: str) -> list[str]:
    """What a player shows of a WebVTT file, cue by cue."""
    return [caption.text for caption in webvtt.from_string(document).captions]


@settings(deadline=None)
@given(name=text.filter(one_line), said=text)
@example("Ada", LONG)
@example("</v><b>Eve", "x" * 10_000)
@example("名" * 80, "会" * 10_000)
@example("Ada", "e" + "\u0301" * 500)
def test_both_players_read_every_word_and_nothing_else(name: str, said: str) -> None:
    made = minutes(line(name, said), line("Grace", "The end.", 6_000))
    voices = [caption.voice for caption in webvtt.from_string(render_vtt(made)).captions]
    assert unspaced(*map(html.unescape, heard(render_vtt(made)))) == unspaced(one_line(said), "The end.")
    assert {unspaced(html.unescape(voice or "")) for voice in voices} <= {unspaced(one_line(name)), "Grace"}
    shown = unspaced(*(cue.content for cue in srt.parse(render_srt(made), ignore_errors=False)))
    spoken_by, colon, rest = shown.rpartition(":" + unspaced(look_alike(one_line(said)), "Grace:The end."))
    if one_line(said):
        assert (colon[:1], rest) == (":", "")
        assert unspaced(look_alike(one_line(name))).startswith(spoken_by.removesuffix("…"))
    else:
        assert shown == "Grace:Theend."


def unspaced(*texts: str) -> str:
    """Without white space, at which lines and cues are broken."""
    return re.sub(r"\s", "", "".join(texts))


def look_alike(text: str) -> str:
    """As SubRip shows it, which cannot escape its markup."""
    return text.replace("<", "‹").replace(">", "›").replace("{", "(").replace("}", ")")


@settings(deadline=None)
@given(said=text, length_ms=st.integers(0, 60_000))
@example(LONG, 30_000)
@example("会" * 5_000, 9_000)
def test_a_cue_has_two_short_lines_and_lasts_one_to_seven_seconds(said: str, length_ms: int) -> None:
    made = cues(minutes(line("Ada", said, 1_000, length_ms)), names_in_text=True)
    assert all(1 <= len(cue.lines) <= 2 for cue in made)
    assert all(width(row) <= LINE_WIDTH for cue in made for row in cue.lines)
    assert all(0 < cue.end_ms - cue.start_ms <= LONGEST_MS for cue in made)
    if made:
        assert made[-1].end_ms - made[-1].start_ms >= SHORTEST_MS


def test_cues_break_between_words_and_at_pauses() -> None:
    words = [("We", 0, 200), ("begin.", 300, 700), ("Later", 4_000, 4_400), ("more.", 4_500, 5_000)]
    made = cues(minutes(spoken(10_000, *words)), names_in_text=False)
    assert [(cue.start_ms, cue.end_ms, cue.lines) for cue in made] == [
        (10_000, 11_000, ("We begin.",)),
        (14_000, 15_000, ("Later more.",)),
    ]


def test_two_lines_are_of_about_the_same_width() -> None:
    said = "The budget of the second quarter is decided on Thursday."
    (cue,) = cues(minutes(line("Ada", said)), names_in_text=False)
    assert cue.lines == ("The budget of the second", "quarter is decided on Thursday.")


def test_people_who_talk_at_once_each_have_their_own_cue() -> None:
    made = minutes(line("Ada", "Shall we begin?", 0, 3_000), line("Grace", "Yes!", 1_000, 400))
    document = render_vtt(made)
    assert "00:00:00.000 --> 00:00:03.000 size:80% align:center\n<v Ada>Shall we begin?\n" in document
    assert "00:00:01.000 --> 00:00:02.000 size:80% align:center\n<v Grace>Yes!\n" in document
    assert [caption.voice for caption in webvtt.from_string(document).captions] == ["Ada", "Grace"]


def test_a_correction_gets_time_by_the_length_of_its_words() -> None:
    corrected = Line("00:00", "Ada", "one two three", start_ms=0, end_ms=11_000, words=(TimedWord("won", 0, 900),))
    made = cues(minutes(corrected), names_in_text=False)
    assert [(cue.start_ms, cue.end_ms, cue.lines) for cue in made] == [
        (0, 6_000, ("one two",)),
        (6_000, 11_000, ("three",)),
    ]


def test_chinese_is_cut_at_its_own_width_and_without_spaces() -> None:
    words = tuple(TimedWord("会", 100 * at, 100 * at + 100) for at in range(30))
    made = cues(minutes(Line("", "", "会" * 30, start_ms=0, end_ms=3_000, words=words)), names_in_text=False)
    assert [cue.lines for cue in made] == [("会" * 15, "会" * 15)]


def test_times_beyond_an_hour_and_the_forms_of_both_formats() -> None:
    made = minutes(line("Ada", "Late.", 3_725_042, 1_500))
    assert render_srt(made) == "1\n01:02:05,042 --> 01:02:06,542\nAda: Late.\n"
    (cue,) = srt.parse(render_srt(made))
    assert cue.start == timedelta(milliseconds=3_725_042)


def test_without_names_nobody_is_named() -> None:
    made = minutes(line("", "Hello."))
    assert "<v" not in render_vtt(made)
    assert heard(render_vtt(made)) == ["Hello."]
    assert "\nHello.\n" in render_srt(made)


def test_a_meeting_in_which_nothing_was_said_is_a_valid_empty_file() -> None:
    gap = Line("00:00", "Ada", "", 2.0, end_ms=2_000)
    assert heard(render_vtt(minutes(gap))) == []
    assert list(srt.parse(render_srt(minutes(gap)))) == []
