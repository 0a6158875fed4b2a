"""The downloaded minutes: what stands in them, under which name, for whom."""

import io
import json
from datetime import timedelta

import docx2txt
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from meetings.models import Meeting, Minutes, Participant, User
from tests.meetings.cast import START, ended, say, signed_in
from tests.meetings.test_downloads import refusals

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(meeting: Meeting) -> Meeting:
    """An ended meeting of 65 minutes with two people who spoke, one gap and one who never came in."""
    ada = meeting.participants.get()
    grace = Participant.objects.create(
        meeting=meeting,
        display_name="Grace",
        role=Participant.Role.GUEST,
        joined_at=START + timedelta(minutes=5),
        left_at=START + timedelta(minutes=30),
    )
    Participant.objects.create(meeting=meeting, display_name="Nobody", role=Participant.Role.GUEST)
    Participant.objects.filter(pk=ada.pk).update(left_at=START + timedelta(minutes=65))
    say(grace, 62_000, "I have the figures.")
    say(ada, 61_000, "Good morning.")
    say(grace, 300_000, "", length_ms=2_300)
    say(ada, 3_725_000, "That is all.")
    return ended(meeting)


def minutes(meeting: Meeting, extension: str) -> str:
    answer = signed_in(meeting.host).get(f"/m/{meeting.code}/minutes.{extension}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_plain_text_minutes_hold_everything_in_order_of_time(held: Meeting) -> None:
    assert (
        minutes(held, "txt")
        == """\
Weekly sync
===========

Date: 2026-03-02
Time: 14:00–15:05 CET (Europe/Berlin)
Duration: 1 h 5 min
Host: Ada
Absent: Nobody
Status: draft · transcript not approved

Attendees
---------
- Ada (host), 14:00–15:05, spoke 3 s (67 %)
- Grace, 14:05–14:30, spoke 1 s (33 %)

Agenda
------
Budget
Release

Transcript
----------
[01:01] Ada: Good morning.
[01:02] Grace: I have the figures.
[05:00] (2.3 s of audio from Grace did not arrive)
[1:02:05] Ada: That is all.
"""
    )


def test_markdown_minutes_hold_the_same(held: Meeting) -> None:
    text = minutes(held, "md")
    assert text.startswith("# Weekly sync\n")
    for line in (
        "| **Date** | 2026-03-02 |",
        "| **Time** | 14:00–15:05 CET (Europe/Berlin) |",
        "- Ada (host), 14:00–15:05, spoke 3 s (67 %)",
        "- Grace, 14:05–14:30, spoke 1 s (33 %)",
        "- Budget",
        "`[01:02]` **Grace:** I have the figures.",
        "`[05:00]` *(2.3 s of audio from Grace did not arrive)*",
        "`[1:02:05]` **Ada:** That is all.",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("title", "extension", "name"),
    [
        ("Weekly sync", "md", "2026-03-02_weekly-sync_minutes.md"),
        ("Überblick: Q1/Q2", "txt", "2026-03-02_uberblick-q1q2_minutes.txt"),
        ("会议", "txt", "2026-03-02_meeting_minutes.txt"),
        ('x"; filename="evil.exe', "txt", "2026-03-02_x-filenameevilexe_minutes.txt"),
    ],
)
def test_the_file_is_named_by_date_and_title(held: Meeting, title: str, extension: str, name: str) -> None:
    Meeting.objects.update(title=title)
    answer = signed_in(held.host).get(f"/m/{held.code}/minutes.{extension}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_date_is_that_of_the_meetings_own_zone(held: Meeting) -> None:
    Meeting.objects.update(time_zone="Pacific/Kiritimati")
    assert "Date: 2026-03-03\nTime: 03:00–04:05 +14 (Pacific/Kiritimati)\n" in minutes(held, "txt")


def test_minutes_of_a_running_or_waiting_meeting_say_so(meeting: Meeting, ada: User) -> None:
    assert "Time: 14:00– CET (Europe/Berlin)" in minutes(meeting, "txt")
    waiting = Meeting.objects.create(title="Later", host=ada)
    assert "Date: not started\nTime: not started\nDuration: 0 s\n" in minutes(waiting, "txt")


@pytest.mark.parametrize("extension", ["exe", "html", "MD", "md.txt"])
def test_unknown_formats_are_not_found(held: Meeting, extension: str) -> None:
    assert signed_in(held.host).get(f"/m/{held.code}/minutes.{extension}").status_code == 404


def test_guests_and_administrators_read_them_and_strangers_do_not(
    meeting: Meeting, grace: Client, admin: User, eve: User
) -> None:
    ended(meeting)
    path = f"/m/{meeting.code}/minutes.txt"
    clients = (grace, signed_in(admin), signed_in(eve), Client())
    assert [client.get(path).status_code for client in clients] == [200, 200, 404, 404]


def test_staff_without_the_permission_are_strangers(meeting: Meeting, eve: User) -> None:
    eve.is_staff = True
    eve.save()
    assert signed_in(eve).get(f"/m/{meeting.code}/transcript/").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_meeting(
    held: Meeting, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = signed_in(held.host)
    speaker = held.participants.filter(role="host").get()
    for number in range(30):
        say(speaker, 4_000_000 + number * 2_000, f"Line {number}")
    with django_assert_max_num_queries(11):
        browser.get(f"/m/{held.code}/minutes.md")
    with django_assert_max_num_queries(10):
        browser.get(f"/m/{held.code}/transcript/")


def read(meeting: Meeting, extension: str, **options: str) -> str:
    made = signed_in(meeting.host).get(f"/m/{meeting.code}/minutes.{extension}", options).content
    return str(docx2txt.process(io.BytesIO(made))) if extension == "docx" else made.decode()


@pytest.mark.parametrize("extension", ["md", "txt", "docx"])
def test_every_document_says_whether_minutes_and_transcript_are_approved(held: Meeting, extension: str) -> None:
    assert "draft · transcript not approved" in read(held, extension)
    Meeting.objects.update(review=Meeting.Review.APPROVED)
    Minutes.objects.create(meeting=held, approved_at=START, approved_by="Ada")
    assert "approved by Ada · transcript approved" in read(held, extension)


def test_programs_are_told_whether_minutes_and_transcript_are_approved(held: Meeting) -> None:
    for status, approved in (("draft", False), ("approved by Ada", True)):
        document = json.loads(read(held, "json"))
        assert (document["status"], document["transcript_approved"]) == (status, approved)
        Meeting.objects.update(review=Meeting.Review.APPROVED)
        Minutes.objects.get_or_create(meeting=held, approved_at=START, approved_by="Ada")


@pytest.mark.parametrize("extension", ["md", "txt", "docx"])
def test_who_talked_how_much_is_added_where_it_is_wanted(held: Meeting, extension: str) -> None:
    assert "Longest monologue" in read(held, extension, insight="1")
    assert "Longest monologue" not in read(held, extension)
    assert "Longest monologue" not in read(held, extension, insight="1", names="0")


def test_talk_time_is_the_same_in_the_minutes_and_on_the_insight_page(held: Meeting) -> None:
    ada = held.participants.get(display_name="Ada")
    say(ada, 61_500, "Said at the same time, and counted once.", length_ms=4_000)
    [voice, *_] = signed_in(held.host).get(f"/m/{held.code}/insight/").context["insight"].voices
    document = json.loads(read(held, "json", insight="1"))
    assert document["insight"][0]["talk_ms"] == document["attendees"][0]["spoke_ms"] == voice.talk_ms == 6_000
    assert refusals(document) == []
    assert json.loads(read(held, "json"))["insight"] == []
    assert read(held, "txt", insight="1").count("6 s (80 %)") == 2  # beside the attendee, and in the table


def test_who_speaks_in_a_recording_is_not_absent(held: Meeting) -> None:
    Participant.objects.update(joined_at=None, left_at=None)
    text = minutes(held, "txt")
    assert "Absent: Nobody\n" in text
    assert "- Grace, spoke 1 s (33 %)\n" in text
