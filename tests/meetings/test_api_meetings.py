"""Meetings, participants, marks and documents through the API."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from meetings import exports
from meetings.models import IdempotencyKey, Mark, Meeting, Participant, User
from meetings.services import idempotency
from meetings.tasks import forget_keys
from tests.meetings.cast import START, live_meeting, say
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db
NEW = {"title": "Retro", "language": "de", "agenda": "Mood", "time_zone": "Europe/Berlin"}


@pytest.fixture
def program(ada: User) -> Program:
    return Program(ada)


def test_a_meeting_is_made_read_changed_and_ended(program: Program) -> None:
    made = program.post("/meetings", NEW)
    assert program.answer["Location"] == f"/api/v1/meetings/{made['id']}"
    assert {name: made[name] for name in NEW} == NEW
    assert (made["status"], made["host"], made["last_sequence"]) == ("scheduled", "Ada", 0)
    assert made["join_url"].endswith(f"/m/{made['code']}/")
    changed = program.patch(f"/meetings/{made['id']}", {"title": "Retrospective"})
    assert changed == {**made, "title": "Retrospective"}
    assert program.post(f"/meetings/{made['id']}/end", status=200)["status"] == "finishing"
    assert program.post(f"/meetings/{made['id']}/end", status=200)["status"] == "finishing"
    assert program.get(f"/meetings/{made['id']}")["ended_at"]


def test_the_same_key_gives_the_same_meeting(program: Program, eve: User) -> None:
    first = program.post("/meetings", NEW, key="k1")
    assert program.post("/meetings", NEW, key="k1") == first
    assert program.post("/meetings", NEW, key="k2")["id"] != first["id"]
    assert Program(eve).post("/meetings", NEW, key="k1")["id"] != first["id"]
    other = {**NEW, "title": "Other"}
    assert program.post("/meetings", other, 409, key="k1")["code"] == "key_used"
    program.post("/meetings", NEW)
    assert Meeting.objects.count() == 4


def test_a_key_finds_the_meeting_also_when_it_was_changed(program: Program) -> None:
    first = program.post("/meetings", NEW, key="k1")
    program.patch(f"/meetings/{first['id']}", {"title": "Retrospective"})
    assert program.post("/meetings", NEW, key="k1") == {**first, "title": "Retrospective"}


def test_keys_are_forgotten_in_time(program: Program) -> None:
    program.post("/meetings", NEW, key="old")
    IdempotencyKey.objects.update(created_at=timezone.now() - idempotency.KEPT)
    program.post("/meetings", NEW, key="new")
    assert forget_keys() == 1
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "body.title"),
        ({"title": "x" * 201}, "body.title"),
        ({"title": "a\x00b"}, "body.title"),
        ({"title": "\u202e"}, "body.title"),
        ({"title": 5}, "body.title"),
        ({"title": None}, "body.title"),
        ({"language": "xx"}, "body.language"),
        ({"agenda": "a\x00b"}, "body.agenda"),
        ({"agenda": "x" * 10_001}, "body.agenda"),
        ({"time_zone": "Mars/Olympus"}, "body.time_zone"),
        ({"time_zone": "../etc/passwd"}, "body.time_zone"),
        ({"host": "eve"}, "body.host"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field(program: Program, change: dict[str, Any], field: str) -> None:
    problem = program.post("/meetings", {**NEW, **change}, 422)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Meeting.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b'{"title": "\\ud800"}', "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"title": "' + b"x" * 3_000_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_refused(program: Program, body: bytes, content_type: str, status: int) -> None:
    answer = program.client.post("/api/v1/meetings", body, content_type=content_type)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_meetings_come_newest_first_a_page_at_a_time(program: Program, ada: User) -> None:
    made = [live_meeting(ada) for _ in range(5)]
    Meeting.objects.update(created_at=START)  # at the same moment: the id decides
    seen, cursor = [], ""
    while cursor is not None:
        page = program.get("/meetings", limit=2, cursor=cursor)
        seen += [item["id"] for item in page["items"]]
        assert len(page["items"]) <= 2
        cursor = page["next_cursor"]
    assert seen == sorted((str(meeting.pk) for meeting in made), reverse=True)


def test_meetings_are_filtered(program: Program, ada: User, eve: User) -> None:
    live = live_meeting(ada)
    guest_of = live_meeting(eve)
    Participant.objects.create(meeting=guest_of, user=ada, display_name="Ada", role="member")
    Meeting.objects.filter(pk=guest_of.pk).update(status="ended", created_at=START - timedelta(days=9))
    assert {item["id"] for item in program.get("/meetings")["items"]} == {str(live.pk), str(guest_of.pk)}
    assert [item["id"] for item in program.get("/meetings", status="ended")["items"]] == [str(guest_of.pk)]
    late = program.get("/meetings", created_from=START.isoformat())
    assert [item["id"] for item in late["items"]] == [str(live.pk)]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 201}, {"limit": "x"}, {"status": "gone"},
        {"created_from": "soon"}, {"created_from": "0.5"}, {"created_from": "2026-03-02T13:00:00"},
        {"cursor": "!"},
        {"cursor": "W10="}, {"cursor": "WyJhIiwgImIiXQ=="}, {"cursor": "bnVsbA=="}, {"cursor": "x" * 401},
        {"cursor": "\x00"}, {"cursor": "é"},
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_is_refused(program: Program, query: dict[str, Any]) -> None:
    assert program.get("/meetings", 422, **query)["errors"]


def test_only_the_host_changes_and_ends(eve: User, meeting: Meeting) -> None:
    Participant.objects.create(meeting=meeting, user=eve, display_name="Eve", role="member")
    program = Program(eve)
    program.get(f"/meetings/{meeting.pk}")
    program.patch(f"/meetings/{meeting.pk}", {"title": "Mine"}, 403)
    program.post(f"/meetings/{meeting.pk}/end", status=403)
    meeting.refresh_from_db()
    assert (meeting.title, meeting.status) == ("Weekly sync", "live")


def test_participants_are_listed_without_addresses(program: Program, meeting: Meeting) -> None:
    for index in range(3):
        Participant.objects.create(meeting=meeting, display_name=f"Guest {index}", role="guest", color=index + 1)
    first = program.get(f"/meetings/{meeting.pk}/participants", limit=2)
    rest = program.get(f"/meetings/{meeting.pk}/participants", limit=2, cursor=first["next_cursor"])
    names = [item["display_name"] for item in first["items"] + rest["items"]]
    assert names == ["Ada", "Guest 0", "Guest 1", "Guest 2"]
    assert rest["next_cursor"] is None
    assert "@" not in program.answer.content.decode()


def test_marks_are_listed_without_those_taken_back(program: Program, meeting: Meeting) -> None:
    author = meeting.participants.get()
    for change, kind in enumerate(["decision", "action", "note"], start=1):
        Mark.objects.create(meeting=meeting, author=author, kind=kind, text=kind, at_ms=change, change=change)
    Mark.objects.filter(kind="note").update(withdrawn_at=START)
    found = program.get(f"/meetings/{meeting.pk}/marks")["items"]
    assert [(mark["kind"], mark["author"]) for mark in found] == [("decision", "Ada"), ("action", "Ada")]


def test_every_format_can_be_had(program: Program, meeting: Meeting) -> None:
    say(meeting.participants.get(), 1_000, "The budget is fine.")
    listed = program.get(f"/meetings/{meeting.pk}/exports")
    assert [item["format"] for item in listed] == list(exports.FORMATS)
    for item in listed:
        answer = program.client.get(item["url"])
        assert (answer.status_code, answer["Content-Type"]) == (200, item["content_type"])
        assert answer.content
        assert answer["Content-Disposition"].startswith("attachment")
    assert b"The budget is fine." in program.get(f"/meetings/{meeting.pk}/exports/txt")
    assert program.get(f"/meetings/{meeting.pk}/exports/exe", 404)["detail"].startswith("There is no such format")


def test_what_is_not_there_is_a_problem_document_too(program: Program) -> None:
    program.get(f"/meetings/{uuid4()}", 404)
    program.get("/meetings/not-an-id", 422)
    program.get("/nothing/like/it", 404)
    answer = program.client.delete("/api/v1/meetings")
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert "GET" in answer["Allow"]


def test_answers_are_not_kept_by_caches(program: Program) -> None:
    program.get("/meetings")
    assert program.answer["Cache-Control"] == "no-store"
    assert "Authorization" in program.answer["Vary"]


def test_a_list_costs_the_same_queries_however_long(
    program: Program, ada: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        live_meeting(ada)
    program.get("/meetings")
    with django_assert_max_num_queries(2):
        assert len(program.get("/meetings")["items"]) == 10
