"""Downloads for programs and spreadsheets, the marks in every document, and what the reader may leave out."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from meetings.exports import FORMATS, SCHEMA
from meetings.exports.structured import cell
from meetings.models import Mark, Meeting, Participant, Segment
from tests.meetings.cast import START, ended, say, signed_in

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.fixture
def held(meeting: Meeting) -> Meeting:
    """An ended meeting with a corrected line, a gap, a formula for a name, and one mark of each kind."""
    ada = meeting.participants.get()
    eve = Participant.objects.create(meeting=meeting, display_name="=1+1", role="guest", joined_at=START)
    first = say(ada, 61_000, "We ship on Friday.")
    Segment.objects.filter(pk=first.pk).update(text="We ship on Monday.", revision=1)
    say(eve, 62_000, "", length_ms=2_300)
    mark(ada, "decision", "Ship on Monday", first)
    mark(ada, "action", "Write the notes", first, owner="Grace", due=date(2026, 3, 9))
    mark(ada, "note", "Coffee was good", None)
    mark(ada, "chat", "hello chat", None)
    return ended(meeting)


def mark(author: Participant, kind: str, text: str, segment: Segment | None, **more: Any) -> Mark:
    meeting = author.meeting
    meeting.last_change += 1
    meeting.save(update_fields=["last_change"])
    at_ms = segment.start_ms if segment else 0
    change = {"change": meeting.last_change, "at_ms": at_ms, "segment": segment}
    return Mark.objects.create(meeting=meeting, author=author, kind=kind, text=text, **change, **more)


def download(meeting: Meeting, extension: str, **options: str) -> str:
    answer = signed_in(meeting.host).get(f"/m/{meeting.code}/minutes.{extension}", options)
    assert answer.status_code == 200
    return answer.content.decode()


def refusals(document: Any) -> list[str]:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return [
        error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(document)
    ]


@pytest.mark.django_db
def test_json_is_what_its_published_schema_says(held: Meeting) -> None:
    document = json.loads(download(held, "json"))
    assert refusals(document) == []
    assert document["lines"][0]["text"] == "We ship on Monday."
    assert document["lines"][0]["corrected"] is True
    assert document["lines"][1]["kind"] == "gap"
    assert document["actions"] == [
        {
            "text": "Write the notes",
            "at_ms": 61_000,
            "evidence": [1],
            "author": "Ada",
            "machine_made": False,
            "owner": "Grace",
            "due": "2026-03-09",
            "done": False,
        }
    ]
    assert refusals({**document, "surprise": 1})
    assert refusals({**document, "version": 2})


@pytest.mark.django_db
def test_the_schema_is_public_and_json_of_a_waiting_meeting_follows_it(meeting: Meeting, client: Client) -> None:
    answer = client.get("/schemas/minutes-1.json")
    assert answer.headers["Content-Type"] == "application/schema+json"
    assert json.loads(answer.content) == json.loads(SCHEMA.read_text())
    Meeting.objects.update(started_at=None, status=Meeting.Status.SCHEDULED)
    assert refusals(json.loads(download(meeting, "json"))) == []


@pytest.mark.django_db
@pytest.mark.parametrize("extension", ["md", "txt"])
def test_decisions_actions_and_notes_stand_before_the_transcript_and_chat_does_not(
    held: Meeting, extension: str
) -> None:
    document = download(held, extension)
    places = [document.index(text) for text in ("Ship on Monday", "Write the notes", "Coffee was good", "Transcript")]
    assert places == sorted(places)
    assert "2026-03-09" in document
    assert "Grace" in document
    assert "[01:01]" in document.split("Transcript")[0]
    assert "hello chat" not in document


@pytest.mark.django_db
def test_a_mark_taken_back_is_in_no_document(held: Meeting) -> None:
    held.marks.update(withdrawn_at=START)
    assert all("Ship on Monday" not in download(held, extension) for extension in ("md", "txt", "json"))


@pytest.mark.django_db
@pytest.mark.parametrize("extension", ["md", "txt", "srt", "vtt", "csv", "json"])
def test_names_can_be_left_out_everywhere(held: Meeting, extension: str) -> None:
    document = download(held, extension, names="0")
    assert "We ship on Monday." in document
    assert not any(name in document for name in ("Ada", "=1+1", "Grace"))


@pytest.mark.django_db
@pytest.mark.parametrize("extension", ["md", "txt"])
def test_times_and_transcript_can_be_left_out(held: Meeting, extension: str) -> None:
    assert "01:01" not in download(held, extension, times="0")
    short = download(held, extension, transcript="0")
    assert "We ship on Monday." not in short
    assert "Ship on Monday" in short
    assert "Transcript" not in short


@pytest.mark.django_db
@pytest.mark.parametrize("extension", ["md", "txt", "srt", "vtt", "csv", "json"])
def test_the_text_as_recognised_is_never_lost(held: Meeting, extension: str) -> None:
    assert "We ship on Friday." in download(held, extension, text="original")
    assert "We ship on Friday." not in download(held, extension, text="edited")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"names": "no"}, {"times": "2"}, {"insight": "x"}, {"text": "both"}, {"transcript": "x"}]
)
def test_options_that_do_not_exist_are_refused(held: Meeting, wrong: dict[str, str]) -> None:
    answer = signed_in(held.host).get(f"/m/{held.code}/minutes.txt", wrong)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/plain")


@pytest.mark.django_db
@pytest.mark.parametrize("extension", FORMATS)
def test_every_format_is_closed_to_strangers_and_offered_to_readers(
    held: Meeting, extension: str, grace: Client
) -> None:
    path = f"/m/{held.code}/minutes.{extension}"
    assert Client().get(path).status_code == 404
    held.participants.create(display_name="Grace", role="guest", user=None)
    answer = signed_in(held.host).get(path)
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="2026-03-02_weekly-sync_minutes.{extension}"'
    assert path in signed_in(held.host).get(f"/m/{held.code}/transcript/").content.decode()


@pytest.mark.django_db
def test_a_spreadsheet_has_a_row_a_line_and_calculates_nothing(held: Meeting) -> None:
    document = download(held, "csv")
    assert document.startswith("\ufeffstart,")
    rows = list(csv.DictReader(io.StringIO(document.removeprefix("\ufeff"))))
    assert [row["speaker"] for row in rows] == ["Ada", "'=1+1"]
    assert [row["kind"] for row in rows] == ["speech", "gap"]
    assert (rows[0]["start"], rows[0]["end"], rows[0]["corrected"]) == ("61.000", "62.500", "yes")


@given(st.sampled_from(FORMULA_STARTS) | st.just(""), st.text())
def test_no_cell_begins_a_formula_and_none_breaks_its_row(start: str, rest: str) -> None:
    sheet = io.StringIO()
    csv.writer(sheet).writerow([cell(start + rest), "next"])
    ((first, after),) = csv.reader(io.StringIO(sheet.getvalue()))
    assert not first.startswith(FORMULA_STARTS)
    assert after == "next"
