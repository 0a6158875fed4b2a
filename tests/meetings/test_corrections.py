"""Correcting a line while the meeting runs: who may, what is refused, what is kept."""

import uuid
from typing import Any

import pytest
from django.test import Client

from meetings.models import Meeting, Participant, Segment
from meetings.protocol.requests import EditSegment
from meetings.services import corrections
from meetings.services.captions import edits_after
from meetings.services.corrections import Author, CorrectionRefused, Line, correct_as_participant, correct_text, undo
from tests.meetings.cast import ended, live_meeting, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(meeting: Meeting) -> Participant:
    return meeting.participants.get(role=Participant.Role.HOST)


@pytest.fixture
def guest(meeting: Meeting, grace: Client) -> Participant:
    return meeting.participants.get(display_name="Grace")


def fix(segment: Segment, text: str = "The budget is fine.", revision: int = 0) -> EditSegment:
    return EditSegment(sequence=segment.sequence, revision=revision, text=text)


def refusal(call: Any, *args: Any) -> str:
    with pytest.raises(CorrectionRefused) as refused:
        call(*args)
    return refused.value.code


def test_a_speaker_corrects_their_line_and_the_recognised_text_stays(guest: Participant) -> None:
    segment = say(guest, 1_000, "The bugdet is fine.")
    changed = correct_as_participant(guest.pk, fix(segment, "  The budget\n is fine. "))
    assert (changed.text, changed.revision) == ("The budget is fine.", 1)
    assert changed.recognised_text == "The bugdet is fine."
    history = changed.revisions.get()
    assert (history.text_before, history.author_name, history.author) == ("The bugdet is fine.", "Grace", guest)


def test_a_host_corrects_any_line_and_others_only_their_own(host: Participant, guest: Participant) -> None:
    assert refusal(correct_as_participant, guest.pk, fix(say(host, 1_000, "Mine."))) == "not_yours"
    assert correct_as_participant(host.pk, fix(say(guest, 3_000, "Hers."))).revision == 1


def test_who_has_not_seen_the_newest_text_is_told_so(host: Participant) -> None:
    segment = say(host, 1_000, "The bugdet is fine.")
    correct_as_participant(host.pk, fix(segment, "First."))
    assert refusal(correct_as_participant, host.pk, fix(segment, "Second.")) == "line_changed_meanwhile"
    assert correct_as_participant(host.pk, fix(segment, "Second.", revision=1)).text == "Second."


def test_a_correction_that_is_sent_twice_is_stored_once(host: Participant) -> None:
    segment = say(host, 1_000, "The bugdet is fine.")
    correct_as_participant(host.pk, fix(segment))
    assert correct_as_participant(host.pk, fix(segment)).revision == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "line_empty"), (" \n ", "line_empty"), ("a\0b", "line_unprintable"), ("x" * 10_001, "line_too_long")],
)
def test_texts_that_are_none_are_refused(host: Participant, text: str, code: str) -> None:
    segment = say(host, 1_000, "The bugdet is fine.")
    assert refusal(correct_as_participant, host.pk, fix(segment, text)) == code


def test_gaps_unknown_lines_and_lines_of_other_meetings_are_refused(host: Participant, eve: Any) -> None:
    other = live_meeting(eve).participants.get()
    for number in range(3):
        foreign = say(other, number * 2_000, "Elsewhere.")
    assert refusal(correct_as_participant, host.pk, fix(say(host, 1_000, ""))) == "line_is_gap"
    assert refusal(correct_as_participant, host.pk, fix(foreign)) == "line_unknown"


def test_after_the_end_nobody_corrects_from_the_room(host: Participant) -> None:
    segment = say(host, 1_000, "The bugdet is fine.")
    ended(host.meeting)
    assert refusal(correct_as_participant, host.pk, fix(segment)) == "meeting_ended"


def test_who_comes_back_reads_each_corrected_line_once_as_it_stands(host: Participant) -> None:
    first, second = say(host, 1_000, "One."), say(host, 3_000, "Two.")
    correct_as_participant(host.pk, fix(first, "Uno."))
    correct_as_participant(host.pk, fix(second, "Due."))
    correct_as_participant(host.pk, fix(first, "Eins.", revision=1))
    assert [(line.edit, line.text) for line in edits_after(host.meeting_id, 0)] == [(2, "Due."), (3, "Eins.")]
    assert [line.text for line in edits_after(host.meeting_id, 2)] == ["Eins."]


def test_an_undone_change_is_back_and_is_a_change_itself(host: Participant) -> None:
    segment = correct_as_participant(host.pk, fix(say(host, 1_000, "The bugdet is fine.")))
    operation = segment.revisions.get().operation
    (back,) = undo(host.meeting, operation, Author("Ada"))
    assert (back.text, back.revision, back.edit) == ("The bugdet is fine.", 2, 2)
    assert [revision.what for revision in back.revisions.all()] == ["text", "undo"]


def test_what_was_changed_again_is_not_undone(host: Participant) -> None:
    segment = correct_as_participant(host.pk, fix(say(host, 1_000, "One.")))
    operation = segment.revisions.get().operation
    correct_text(host.meeting, Line(segment.sequence, 1), "Three.", Author("Root"))
    assert refusal(undo, host.meeting, operation, Author("Ada")) == "line_changed_meanwhile"
    assert refusal(undo, host.meeting, uuid.uuid4(), Author("Ada")) == "change_unknown"


def test_a_correction_that_nobody_could_be_told_of_is_kept(host: Participant, monkeypatch: pytest.MonkeyPatch) -> None:
    from asgiref.sync import async_to_sync

    def away() -> None:
        raise ConnectionError

    segment = correct_as_participant(host.pk, fix(say(host, 1_000, "One.")))
    monkeypatch.setattr(corrections, "redis_client", away)
    with pytest.raises(ConnectionError):  # the page is sent away, comes back and says it again
        async_to_sync(corrections.announce)([segment])
    again = correct_as_participant(host.pk, EditSegment(sequence=segment.sequence, revision=0, text=segment.text))
    assert (again.pk, again.revision, again.edit) == (segment.pk, 1, segment.edit)
