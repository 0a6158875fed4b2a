"""Who read, exported, changed and deleted is written down; who reviews may not administer."""

import io
import zipfile

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meetings.models import (
    AudioStream,
    AuditEntry,
    Mark,
    Meeting,
    Minutes,
    Participant,
    Proposal,
    ReviewStep,
    Segment,
    SegmentRevision,
    User,
)
from meetings.services.corrections import Author, Line, correct_text
from tests.meetings.cast import ended, say, signed_in
from tests.meetings.programs import Program
from tests.meetings.test_writing_minutes import filled

pytestmark = pytest.mark.django_db


def log() -> list[tuple[str, str, str]]:
    """Oldest first: action, account, how they came."""
    entries = AuditEntry.objects.select_related("user").order_by("pk")
    return [(entry.action, str(entry.user) if entry.user else "", entry.by) for entry in entries]


def act(browser: Client, model: str, action: str, *rows: Meeting | Participant) -> object:
    path = reverse(f"admin:meetings_{model}_changelist")
    return browser.post(path, {"action": action, "_selected_action": [str(row.pk) for row in rows], "post": "yes"})


def test_reading_exporting_searching_and_sharing_are_written_down(meeting: Meeting, ada: User, grace: Client) -> None:
    ended(meeting)
    host = signed_in(ada)
    host.get(f"/m/{meeting.code}/transcript/")
    host.get(f"/m/{meeting.code}/minutes.md")
    host.get("/search/?q=x")
    host.post(f"/m/{meeting.code}/sharing/links/", {"days": "1"})
    grace.get(f"/m/{meeting.code}/insight/")
    assert [entry for entry in log() if entry[0] != "read"] == [
        ("exported", "Ada", "account"),
        ("searched", "Ada", "account"),
        ("shared", "Ada", "account"),
    ]
    assert ("read", "Ada", "account") in log()
    assert log()[-1] == ("read", "", "guest")


def test_writing_the_minutes_is_written_down_as_a_change(meeting: Meeting, ada: User) -> None:
    path = f"/m/{ended(meeting).code}/minutes/"
    signed_in(ada).get(path)
    signed_in(ada).post(path, filled())
    assert log() == [("read", "Ada", "account"), ("changed", "Ada", "account")]


def test_what_programs_do_is_written_down_and_reading_once(meeting: Meeting, ada: User) -> None:
    line = say(meeting.participants.get(), 1_000, "Teh budget")
    program = Program(ada)
    for path in ("/segments", "/marks", "/minutes", "/segments"):
        program.get(f"/meetings/{meeting.pk}{path}")
    program.get(f"/segments/{line.pk}")
    program.get(f"/segments/{line.pk}/revisions")
    assert log() == [("read", "Ada", "program")]
    program.patch(f"/segments/{line.pk}", {"text": "The budget", "revision": 0})
    program.patch(f"/meetings/{meeting.pk}", {"title": "Budget"})
    program.post(f"/meetings/{meeting.pk}/end", status=200)
    program.patch(f"/meetings/{meeting.pk}/minutes", {"summary": "We talked.", "revision": 9}, 409)
    program.get(f"/meetings/{meeting.pk}/exports/md")
    assert [entry[0] for entry in log()[1:]] == ["changed", "changed", "changed", "exported"]
    assert {entry[1:] for entry in log()} == {("Ada", "program")}


def test_a_program_that_may_not_is_not_written_down(meeting: Meeting, eve: User) -> None:
    line = say(meeting.participants.get(), 1_000, "Teh budget")
    program = Program(eve)
    program.get(f"/meetings/{meeting.pk}/segments", 404)
    program.patch(f"/segments/{line.pk}", {"text": "The budget", "revision": 0}, 404)
    program.get(f"/meetings/{meeting.pk}/exports/md", 404)
    assert log() == []


def test_who_is_refused_is_not_written_down_as_a_reader(meeting: Meeting, eve: User) -> None:
    signed_in(eve).get(f"/m/{meeting.code}/transcript/")
    assert log() == []


def test_deleting_a_meeting_leaves_nothing_but_the_entry(meeting: Meeting, admin: User) -> None:
    line = say(meeting.participants.get(), 1_000, "The canary sings.")
    correct_text(meeting, Line(line.sequence, 0), "The canary sang.", Author("Ada"))
    act(signed_in(admin), "meeting", "delete_selected", meeting)
    for model in (Meeting, Participant, AudioStream, Segment, SegmentRevision):
        assert not model._default_manager.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.meeting_id, str(entry.user)) == ("deleted", meeting.pk, "Root")


def test_an_anonymised_participant_keeps_only_what_they_said(meeting: Meeting, admin: User) -> None:
    ada = meeting.participants.get()
    line = say(ada, 1_000, "I agree.")
    correct_text(meeting, Line(line.sequence, 0), "I agree!", Author("Ada", ada))
    step = {"author_name": "Ada", "author": ada, "speaker": ada}
    ReviewStep.objects.create(meeting=meeting, what="Adda → Ada", **step)
    act(signed_in(admin), "participant", "anonymise", ada)
    ada.refresh_from_db()
    assert (ada.display_name, ada.user) == ("Participant 1", None)
    assert SegmentRevision.objects.get().author_name == "Participant 1"
    assert Segment.objects.get().text == "I agree!"
    assert ReviewStep.objects.filter(what="Participant 1", author_name="Participant 1").exists()
    assert log() == [("anonymised", "Root", "account")]


def test_an_anonymised_participant_is_named_in_no_result(meeting: Meeting, admin: User, ada: User, eve: User) -> None:
    grace = Participant.objects.create(
        meeting=ended(meeting), user=eve, display_name="Grace Hopper", role=Participant.Role.MEMBER, color=1
    )
    ReviewStep.objects.create(meeting=meeting, what="Gracie → Grace Hopper", speaker=grace, author_name="Ada")
    action = {"due": "", "done": False, "at_ms": 1_000}
    minutes = Minutes.objects.create(
        meeting=meeting,
        chair="Eve",  # the name of the account
        approved_by="Grace Hopper",
        approved_at=timezone.now(),
        actions=[{"text": "One", "owner": "Gracie", **action}, {"text": "Two", "owner": "Ada", **action}],
    )
    mark = {"meeting": meeting, "author": grace, "kind": "action", "text": "Three", "at_ms": 1_000}
    Mark.objects.create(**mark, owner="Grace Hopper", change=1)
    found = {"kind": "action", "text": "Four", "evidence": [1], "at_ms": 1_000}
    Proposal.objects.create(meeting=meeting, stage="done", findings=[{**found, "owner": "Grace Hopper"}])
    act(signed_in(admin), "participant", "anonymise", grace)

    exported = signed_in(ada).get(f"/m/{meeting.code}/minutes.json").json()
    assert (exported["chair"], exported["status"]) == ("Participant 2", "approved by Participant 2")
    assert [entry["owner"] for entry in exported["actions"]] == ["Participant 2", "Ada"]
    minutes.delete()  # then the marks are what is exported
    [exported] = signed_in(ada).get(f"/m/{meeting.code}/minutes.json").json()["actions"]
    assert exported["owner"] == Proposal.objects.get().findings[0]["owner"] == "Participant 2"


def test_a_page_that_is_open_does_not_bring_an_anonymised_name_back(meeting: Meeting, admin: User, ada: User) -> None:
    host, path = signed_in(ada), f"/m/{ended(meeting).code}/minutes/"
    host.post(path, filled(chair="Ada"))
    act(signed_in(admin), "participant", "anonymise", meeting.participants.get())
    assert host.post(path, filled(chair="Ada", revision="1")).status_code == 409
    assert Minutes.objects.get().chair == "Participant 1"


def test_minutes_of_many_meetings_come_in_one_archive(meeting: Meeting, admin: User, ada: User) -> None:
    say(meeting.participants.get(), 1_000, "Hello.")
    other = Meeting.objects.create(title="Weekly sync", host=ada)
    answer = act(signed_in(admin), "meeting", "export_minutes", meeting, other)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:  # type: ignore[attr-defined]
        names = archive.namelist()
        texts = [archive.read(name).decode() for name in names]
    assert len(set(names)) == 2
    assert any("Hello." in text for text in texts)
    assert [entry[0] for entry in log()] == ["exported", "exported"]


def test_the_list_shows_what_arrived_and_what_is_unsure(meeting: Meeting, admin: User) -> None:
    ada = meeting.participants.get()
    say(ada, 0, "Sure.", 3_000)
    unsure = say(ada, 4_000, "Perhaps.", 3_000)
    say(ada, 8_000, "", 2_000)
    Segment.objects.filter(pk=unsure.pk).update(confidence=0.2)
    AudioStream.objects.update(wordless_samples=4_000 * 16)
    Meeting.objects.create(title="Silent", host=meeting.host)
    rows = signed_in(admin).get("/admin/meetings/meeting/").context["cl"].result_list
    figures = {row.title: (row.arrived, row.covered, row.low_confidence) for row in rows}
    assert figures == {"Weekly sync": (0.75, 0.6, 0.5), "Silent": (None, None, None)}


def test_lines_that_administrators_read_and_search_are_written_down(meeting: Meeting, admin: User, eve: User) -> None:
    line = say(meeting.participants.get(), 1_000, "The canary sings.")
    browser, path = signed_in(admin), "/admin/meetings/segment/"
    assert b"canary" in browser.get(path).content
    browser.get(path, {"q": "canary"})
    browser.get(f"{path}{line.pk}/change/")
    browser.get(f"{path}{line.pk + 1}/change/")
    signed_in(eve).get(path)
    signed_in(eve).get(f"{path}{line.pk}/change/")
    entries = list(AuditEntry.objects.order_by("pk").values_list("action", "meeting_id", "user"))
    assert entries == [("read", None, admin.pk), ("searched", None, admin.pk), ("read", meeting.pk, admin.pk)]


def test_nobody_changes_the_log(admin: User, meeting: Meeting) -> None:
    signed_in(admin).get(f"/m/{meeting.code}/transcript/")
    entry = AuditEntry.objects.get()
    browser = signed_in(admin)
    assert browser.get("/admin/meetings/auditentry/").status_code == 200
    assert browser.post(f"/admin/meetings/auditentry/{entry.pk}/delete/").status_code == 403
    assert browser.get("/admin/meetings/auditentry/add/").status_code == 403


@pytest.mark.parametrize(
    ("role", "reads", "corrects", "deletes"),
    [("administrator", True, True, True), ("reviewer", True, True, False), ("member", False, False, False)],
)
def test_roles_are_groups(meeting: Meeting, eve: User, role: str, reads: bool, corrects: bool, deletes: bool) -> None:
    eve.groups.add(Group.objects.get(name=role))
    eve.is_staff = True
    eve.save()
    browser = signed_in(eve)
    assert (browser.get(f"/m/{meeting.code}/transcript/").status_code == 200) is reads
    assert (browser.get("/admin/meetings/meeting/").status_code == 200) is reads
    assert eve.has_perm("meetings.change_segment") is corrects
    assert (browser.get(f"/admin/meetings/meeting/{meeting.pk}/delete/").status_code == 200) is deletes
