"""The figures of a meeting add up, and its page shows them as a picture and as tables."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from meetings.insight import Insight, Voice, insight, merged
from meetings.models import AudioStream, Meeting, Participant, User
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(meeting: Meeting) -> Participant:
    return meeting.participants.get()


@pytest.fixture
def guest(meeting: Meeting) -> Participant:
    return Participant.objects.create(meeting=meeting, display_name="Grace", role="guest", color=1)


def voices(meeting: Meeting) -> dict[str, Voice]:
    return {voice.participant.display_name: voice for voice in insight(ended(meeting, 1)).voices}


def test_talk_time_counts_a_moment_once_and_shares_add_up(host: Participant, guest: Participant) -> None:
    say(host, 0, "one", 4_000)
    say(host, 3_000, "two", 3_000)
    say(guest, 10_000, "three", 2_000)
    found = voices(host.meeting)
    assert [(name, voice.talk_ms, voice.share) for name, voice in found.items()] == [
        ("Ada", 6_000, 0.75),
        ("Grace", 2_000, 0.25),
    ]


def test_a_turn_lasts_until_somebody_else_begins(host: Participant, guest: Participant) -> None:
    for start_ms, person in ((0, host), (5_000, host), (10_000, guest), (15_000, host)):
        say(person, start_ms, "x", 1_000)
    found = voices(host.meeting)
    assert (found["Ada"].turns, found["Grace"].turns) == (2, 1)


def test_the_longest_monologue_ends_with_a_long_pause_or_another_turn(host: Participant, guest: Participant) -> None:
    for start_ms in (0, 5_000, 20_000):
        say(host, start_ms, "x", 4_000)
    say(guest, 23_000, "x", 500)
    assert voices(host.meeting)["Ada"].longest_ms == 9_000


def test_an_interruption_begins_well_before_anothers_end(host: Participant, guest: Participant) -> None:
    say(host, 0, "x", 5_000)
    say(guest, 2_000, "interrupts", 1_000)
    say(guest, 4_700, "is only early", 1_000)
    say(host, 20_000, "x", 1_000)
    say(guest, 25_000, "waits", 1_000)
    found = voices(host.meeting)
    assert (found["Ada"].interruptions, found["Grace"].interruptions) == (0, 1)


def test_going_on_while_interrupted_is_no_interruption(host: Participant, guest: Participant) -> None:
    say(host, 0, "x", 5_000)
    say(guest, 2_000, "interrupts", 8_000)
    say(host, 4_900, "goes on", 3_000)
    assert voices(host.meeting)["Ada"].interruptions == 0


def test_overlap_silence_and_lost_audio(host: Participant, guest: Participant) -> None:
    say(host, 0, "x", 10_000)
    say(guest, 8_000, "x", 4_000)
    say(guest, 20_000, "", 1_500)
    figures = insight(ended(host.meeting, 1))
    assert (figures.length_ms, figures.overlap_ms, figures.silence_ms) == (60_000, 2_000, 48_000)
    assert {voice.participant.display_name: voice.missing_ms for voice in figures.voices} == {"Ada": 0, "Grace": 1_500}


def test_coverage_is_text_against_the_speech_that_was_heard(host: Participant, guest: Participant) -> None:
    for person, wordless in ((host, 32_000), (guest, None)):
        stream = say(person, 0, "x", 6_000).stream
        stream.wordless_samples = wordless  # as it settles; None in what older versions stored
        stream.save()
    AudioStream.objects.create(participant=host, offset_ms=60_000, wordless_samples=0)
    found = voices(host.meeting)
    assert (found["Ada"].speech_ms, found["Ada"].coverage) == (8_000, 0.75)
    assert (found["Grace"].speech_ms, found["Grace"].coverage) == (None, None)


def test_pace_counts_the_recognised_words(host: Participant) -> None:
    line = say(host, 0, "我们明天开会", 6_000)
    line.words = [{"text": text, "start_ms": 0, "end_ms": 1, "confidence": 1} for text in "我们明天开会"]
    line.save()
    say(host, 10_000, "four words are here", 6_000)
    assert voices(host.meeting)["Ada"].words_per_minute == 50


def test_the_course_of_the_talk_adds_up_to_the_talk(host: Participant) -> None:
    for start_ms in range(0, 55_000, 7_000):
        say(host, start_ms, "x", 6_100)
    voice = voices(host.meeting)["Ada"]
    assert len(voice.course) == 12
    assert sum(voice.course) == voice.talk_ms


def test_spans_are_merged_in_any_order() -> None:
    assert merged([(5, 8), (0, 3), (2, 4), (8, 9)]) == ((0, 4), (5, 9))
    assert merged([(0, 3), (5, 8)], gap_ms=2) == ((0, 8),)
    assert merged([]) == ()


@pytest.fixture
def page(host: Participant, guest: Participant, ada: User) -> str:
    for number in range(40):
        say((host, guest)[number % 2], number * 1_500, "Some words here", 1_400)
    ended(host.meeting, 1)
    return signed_in(ada).get(f"/m/{host.meeting.code}/insight/").content.decode()


def test_the_page_says_how_much_of_the_speech_is_text(host: Participant, ada: User) -> None:
    say(host, 0, "x", 45_000)
    AudioStream.objects.update(wordless_samples=15_000 * 16)
    page = signed_in(ada).get(f"/m/{ended(host.meeting, 1).code}/insight/").content.decode()
    assert "<td>75 % of 1 min</td>" in page


def test_the_page_draws_a_lane_and_a_row_for_each_person(page: str) -> None:
    assert page.count("<g data-color=") == 2
    assert page.count('<rect class="timeline-bar"') == 40
    assert re.findall(r'<th scope="row">(\w+)</th>', page) == ["Ada", "Grace"] * 2
    assert " style=" not in page


def test_a_meeting_of_thousands_of_lines_stays_a_small_picture(
    host: Participant, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    stream = say(host, 0, "x", 100).stream
    from meetings.models import Segment

    Segment.objects.bulk_create(
        Segment(
            meeting=host.meeting, participant=host, stream=stream, sequence=number, start_sample=number * 16_000,
            end_sample=number * 16_000 + 1, start_ms=number * 1_000, end_ms=number * 1_000 + 900, text="x",
        )
        for number in range(2, 5_000)
    )  # fmt: skip
    ended(host.meeting, 84)
    browser = signed_in(ada)
    with django_assert_max_num_queries(8):
        page = browser.get(f"/m/{host.meeting.code}/insight/").content.decode()
    assert page.count('<rect class="timeline-bar"') <= 1_000
    assert len(page) < 150_000


@pytest.mark.parametrize("started", [True, False])
def test_a_meeting_without_a_word_has_a_page(meeting: Meeting, ada: User, started: bool) -> None:
    if not started:
        Meeting.objects.update(started_at=None, status="scheduled")
    answer = signed_in(ada).get(f"/m/{meeting.code}/insight/")
    assert "Nothing was said" in answer.content.decode()
    figures: Insight = answer.context["insight"]
    assert figures.talk_ms == 0


def test_a_guest_of_the_meeting_reads_it_and_a_stranger_does_not(meeting: Meeting, grace: Client, eve: User) -> None:
    assert grace.get(f"/m/{meeting.code}/insight/").status_code == 200
    assert signed_in(eve).get(f"/m/{meeting.code}/insight/").status_code == 404
