"""Minutes and marks through the API: what hosts write, what waits for the end, what the room sees at once."""

from typing import Any
from uuid import uuid4

import pytest

from meetings.models import Mark, Meeting, Participant, User
from tests.meetings.cast import ended, say
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db
MINE = {"summary": "We agreed.", "decisions": [{"text": "Ship it", "at_ms": 5_000, "evidence": [1, 9]}]}
ACTION = {
    "text": "Write the tests",
    "owner": "Grace",
    "due": "2026-03-09",
    "done": False,
    "at_ms": None,
    "evidence": [],
    "machine": False,
}


@pytest.fixture
def program(ada: User) -> Program:
    return Program(ada)


@pytest.fixture
def path(meeting: Meeting) -> str:
    return f"/meetings/{meeting.pk}/minutes"


def test_minutes_begin_with_the_marks_and_are_written_and_approved(
    program: Program, meeting: Meeting, path: str
) -> None:
    mark = {"kind": "decision", "text": "Use Postgres"}
    program.post(f"/meetings/{meeting.pk}/marks", mark)
    say(meeting.participants.get(), 5_000, "Ship it then.")
    ended(meeting)
    begun = program.get(path)
    assert (begun["revision"], [row["text"] for row in begun["decisions"]]) == (0, ["Use Postgres"])
    written = program.patch(path, {"revision": 0, **MINE, "actions": [ACTION], "absent": "Nils, Yuki"})
    assert (written["revision"], written["summary"], written["absent"]) == (1, "We agreed.", "Nils, Yuki")
    assert written["decisions"] == [{"text": "Ship it", "at_ms": 5_000, "evidence": [1], "machine": False}]
    assert written["actions"] == [ACTION]
    assert written["discussion"] == begun["discussion"]
    approved = program.post(f"{path}/approve", status=200)
    assert (approved["approved_by"], bool(approved["approved_at"])) == ("Ada", True)
    assert program.post(f"{path}/approve", status=200) == approved
    assert program.patch(path, {"revision": 2, "summary": "Other"}, 409)["code"] == "approved"
    assert program.post(f"{path}/reopen", status=200)["approved_at"] is None
    assert b"Ship it" in program.get(f"/meetings/{meeting.pk}/exports/md")


def test_who_read_an_older_revision_overwrites_nothing(program: Program, meeting: Meeting, path: str) -> None:
    ended(meeting)
    program.patch(path, {"revision": 0, "summary": "First"})
    assert program.patch(path, {"revision": 0, "summary": "Second"}, 409)["code"] == "outdated"
    assert program.get(path)["summary"] == "First"


def test_minutes_are_not_written_while_people_talk(program: Program, path: str) -> None:
    assert program.patch(path, {"revision": 0, **MINE}, 409)["code"] == "meeting_runs"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"summary": "x" * 10_001}, "body.summary"),
        ({"summary": "a\x00b"}, "body.summary"),
        ({"absent": "x" * 1_001}, "body.absent"),
        ({"template": "baroque"}, "body.template"),
        ({"actions": [{"text": "x", "due": 0}]}, "body.actions.0.due"),
        ({"actions": [{"text": "x", "done": "yes"}]}, "body.actions.0.done"),
        ({"decisions": [{"text": "x", "at_ms": "5"}]}, "body.decisions.0.at_ms"),
        ({"decisions": [{"text": "x", "machine": 1}]}, "body.decisions.0.machine"),
        ({"decisions": [{"text": ""}]}, "body.decisions.0.text"),
        ({"decisions": [{"text": "x"}] * 201}, "body.decisions"),
        ({"actions": [{"text": "x", "due": "soon"}]}, "body.actions.0.due"),
        ({"actions": [{"text": "x", "colour": "red"}]}, "body.actions.0.colour"),
        ({"decisions": [{"text": "x", "evidence": [0]}]}, "body.decisions.0.evidence.0"),
        ({"revision": -1}, "body.revision"),
    ],
)
def test_what_cannot_be_in_minutes_is_refused(
    program: Program, meeting: Meeting, path: str, change: dict[str, Any], field: str
) -> None:
    ended(meeting)
    assert program.patch(path, {"revision": 0, **change}, 422)["errors"][0]["field"] == field
    assert program.get(path)["revision"] == 0


def test_a_member_reads_the_minutes_and_does_not_write_them(meeting: Meeting, eve: User, path: str) -> None:
    ended(meeting)
    stranger = Program(eve)
    stranger.get(path, 404)
    Participant.objects.create(meeting=meeting, user=eve, display_name="Eve", role="member")
    stranger.get(path)
    stranger.patch(path, {"revision": 0, **MINE}, 403)
    stranger.post(f"{path}/approve", status=403)


def test_a_mark_belongs_to_a_line_and_is_stored_once(program: Program, meeting: Meeting) -> None:
    line = say(meeting.participants.get(), 4_000, "Ship it then.")
    mark = {"id": str(uuid4()), "kind": "action", "text": "Ship", "owner": "Grace", "due": "2026-03-09", "sequence": 1}
    first = program.post(f"/meetings/{meeting.pk}/marks", mark)
    assert (first["segment_id"], first["at_ms"], first["author"]) == (line.pk, 4_000, "Ada")
    assert program.post(f"/meetings/{meeting.pk}/marks", mark) == first
    assert [one["id"] for one in program.get(f"/meetings/{meeting.pk}/marks")["items"]] == [mark["id"]]


def test_marks_that_cannot_be_are_refused(program: Program, meeting: Meeting, eve: User) -> None:
    path = f"/meetings/{meeting.pk}/marks"
    good = {"kind": "note", "text": "x"}
    assert program.post(path, {**good, "text": "  "}, 422)["errors"][0]["field"] == "body.text"
    assert program.post(path, {**good, "sequence": 7}, 422)["errors"][0]["field"] == "body.sequence"
    assert program.post(path, {**good, "kind": "shout"}, 422)["errors"][0]["field"] == "body.kind"
    Program(eve).post(path, good, 404)
    meeting.visibility = Meeting.Visibility.ORGANISATION
    meeting.save()
    Program(eve).post(path, good, 403)
    ended(meeting)
    assert program.post(path, good, 409)["code"] == "meeting_ended"
    assert not Mark.objects.exists()


def test_a_mark_is_changed_taken_back_and_brought_back(program: Program, meeting: Meeting) -> None:
    path = f"/meetings/{meeting.pk}/marks"
    made = program.post(path, {"kind": "note", "text": "Ship", "due": "2026-03-09"})
    changed = program.patch(f"{path}/{made['id']}", {"revision": 0, "kind": "action", "owner": "Grace"})
    assert changed == {**made, "kind": "action", "owner": "Grace", "revision": 1}
    assert program.patch(f"{path}/{made['id']}", {"revision": 0, "text": "x"}, 409)["code"] == "mark_changed_meanwhile"
    taken = program.patch(f"{path}/{made['id']}", {"revision": 1, "withdrawn": True, "due": None})
    assert (taken["withdrawn"], taken["due"], taken["text"]) == (True, None, "Ship")
    assert program.get(path)["items"] == []
    assert program.patch(f"{path}/{made['id']}", {"revision": 2, "withdrawn": False})["withdrawn"] is False
    assert len(program.get(path)["items"]) == 1


def test_only_its_author_and_hosts_change_a_mark(program: Program, meeting: Meeting, eve: User) -> None:
    path = f"/meetings/{meeting.pk}/marks"
    made = program.post(path, {"kind": "note", "text": "Ship"})
    Program(eve).patch(f"{path}/{made['id']}", {"revision": 0, "text": "x"}, 404)
    member = Participant.objects.create(meeting=meeting, user=eve, display_name="Eve", role="member", color=3)
    Program(eve).patch(f"{path}/{made['id']}", {"revision": 0, "text": "x"}, 403)
    theirs = Program(eve).post(path, {"kind": "note", "text": "Mine"})
    assert program.patch(f"{path}/{theirs['id']}", {"revision": 0, "text": "Ours"})["author"] == member.display_name
    program.patch(f"{path}/{uuid4()}", {"revision": 0}, 404)
    assert program.patch(f"{path}/{made['id']}", {"revision": 0, "text": " "}, 422)["errors"][0]["field"] == "body.text"
    assert program.patch(f"{path}/{made['id']}", {}, 422)["errors"][0]["field"] == "body.revision"
    ended(meeting)
    assert program.patch(f"{path}/{made['id']}", {"revision": 0}, 409)["code"] == "meeting_ended"
