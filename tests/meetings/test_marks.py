"""Marks: who may make and change one, and what each refuses."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.test import Client

from meetings.models import Mark, Meeting, Participant
from meetings.protocol.requests import AddMark, EditMark
from meetings.services import marks
from meetings.services.marks import MarkRefused, add_mark, edit_mark, marks_after
from tests.meetings.cast import ended, live_meeting, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(meeting: Meeting) -> Participant:
    return meeting.participants.get(role=Participant.Role.HOST)


@pytest.fixture
def guest(meeting: Meeting, grace: Client) -> Participant:
    return meeting.participants.get(display_name="Grace")


def note(text: str = "Look at this", **values: Any) -> AddMark:
    return AddMark(**{"id": uuid.uuid4(), "kind": "note", "text": text, **values})


def edit(mark_id: str, revision: int = 0, text: str = "Look at that", **values: Any) -> EditMark:
    return EditMark(**{"id": uuid.UUID(mark_id), "revision": revision, "kind": "note", "text": text, **values})


def refusal(call: Any, *args: Any) -> str:
    with pytest.raises(MarkRefused) as refused:
        call(*args)
    return refused.value.code


def test_a_mark_on_a_caption_has_its_time_and_its_people(guest: Participant, host: Participant) -> None:
    segment = say(host, 61_000, "I will write to the caterer.")
    new = note("Write to the caterer", kind="action", owner="Ada", due=date(2026, 3, 20), sequence=segment.sequence)
    mark = add_mark(guest.pk, new)
    assert (mark.kind, mark.owner, mark.due) == ("action", "Ada", "2026-03-20")
    assert (mark.at_ms, mark.sequence, mark.name) == (61_000, segment.sequence, "Grace")


def test_a_mark_without_a_caption_stands_at_this_moment(guest: Participant, meeting: Meeting) -> None:
    mark = add_mark(guest.pk, note())
    assert mark.sequence is None
    assert mark.at_ms > 0


def test_a_mark_that_is_sent_twice_is_stored_once(guest: Participant, meeting: Meeting) -> None:
    new = note()
    assert add_mark(guest.pk, new) == add_mark(guest.pk, new)
    assert meeting.marks.count() == 1


def test_nobody_takes_the_id_of_anothers_mark(guest: Participant, host: Participant) -> None:
    new = note()
    add_mark(guest.pk, new)
    assert refusal(add_mark, host.pk, new) == "mark_id_taken"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"text": "  \n "}, "mark_empty"),
        ({"text": "nul\0"}, "mark_unprintable"),
        ({"owner": "two\nlines"}, "mark_unprintable"),
        ({"sequence": 99}, "caption_unknown"),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused(guest: Participant, values: dict[str, Any], code: str) -> None:
    assert refusal(add_mark, guest.pk, note(**values)) == code
    assert not Mark.objects.exists()


def test_a_caption_of_another_meeting_cannot_be_marked(guest: Participant, eve: Any) -> None:
    elsewhere = live_meeting(eve)
    foreign = say(elsewhere.participants.get(), 1_000, "A secret.")
    assert refusal(add_mark, guest.pk, note(sequence=foreign.sequence)) == "caption_unknown"


def test_an_author_changes_takes_back_and_brings_back(guest: Participant) -> None:
    mark = add_mark(guest.pk, note())
    changed = edit_mark(guest.pk, edit(mark.id))
    gone = edit_mark(guest.pk, edit(mark.id, 1, withdrawn=True))
    back = edit_mark(guest.pk, edit(mark.id, 2))
    assert [changed.text, gone.withdrawn, back.withdrawn] == ["Look at that", True, False]
    assert [m.revision for m in (mark, changed, gone, back)] == [0, 1, 2, 3]
    assert [m.change for m in (mark, changed, gone, back)] == [1, 2, 3, 4]


def test_a_host_changes_anybodys_mark_and_a_guest_only_their_own(guest: Participant, host: Participant) -> None:
    by_guest, by_host = add_mark(guest.pk, note()), add_mark(host.pk, note())
    assert edit_mark(host.pk, edit(by_guest.id)).name == "Grace"
    assert refusal(edit_mark, guest.pk, edit(by_host.id)) == "not_yours"


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(guest: Participant, host: Participant) -> None:
    mark = add_mark(guest.pk, note())
    edit_mark(host.pk, edit(mark.id))
    assert refusal(edit_mark, guest.pk, edit(mark.id)) == "mark_changed_meanwhile"


def test_a_mark_of_another_meeting_cannot_be_changed(guest: Participant, eve: Any) -> None:
    stranger = live_meeting(eve).participants.get()
    mark = add_mark(guest.pk, note())
    assert refusal(edit_mark, stranger.pk, edit(mark.id)) == "mark_unknown"


def test_a_meeting_that_is_over_takes_no_marks(guest: Participant, meeting: Meeting) -> None:
    mark = add_mark(guest.pk, note())
    ended(meeting)
    assert refusal(add_mark, guest.pk, note()) == "meeting_ended"
    assert refusal(edit_mark, guest.pk, edit(mark.id)) == "meeting_ended"


def test_one_person_cannot_fill_a_meeting(guest: Participant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MAX_MARKS_EACH", 1)
    add_mark(guest.pk, note())
    assert refusal(add_mark, guest.pk, note()) == "too_many_marks"


def test_what_changed_is_read_in_order_of_its_last_change(guest: Participant, meeting: Meeting) -> None:
    first, second = add_mark(guest.pk, note("one")), add_mark(guest.pk, note("two"))
    edit_mark(guest.pk, edit(first.id))
    assert [mark.id for mark in marks_after(meeting.pk, 0)] == [second.id, first.id]
    assert [mark.id for mark in marks_after(meeting.pk, 2)] == [first.id]
    assert not marks_after(meeting.pk, 3)


def test_the_transcript_page_shows_what_was_noted_and_not_what_was_taken_back(
    guest: Participant, meeting: Meeting, grace: Client
) -> None:
    add_mark(guest.pk, note("We ship on <Thursday>.", kind="decision", due=date(2026, 3, 20)))
    gone = add_mark(guest.pk, note("Forget this"))
    edit_mark(guest.pk, edit(gone.id, text="Forget this", withdrawn=True))
    page = grace.get(f"/m/{meeting.code}/transcript/").content.decode()
    assert "We ship on &lt;Thursday&gt;." in page
    assert "Forget this" not in page
