"""Reviewing a transcript: what each command does, refuses and undoes; reviewers do not overwrite each other."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from meetings.models import AuditEntry, Meeting, Participant, ReviewStep, Segment, User
from meetings.services import review_lines
from tests.meetings.cast import START, ended, say, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(meeting: Meeting) -> Participant:
    return ended(meeting).participants.get(role=Participant.Role.HOST)


@pytest.fixture
def bob(host: Participant) -> Participant:
    return Participant.objects.create(meeting=host.meeting, display_name="Bob", role="member", joined_at=START)


@pytest.fixture
def browser(host: Participant, ada: User) -> Client:
    return signed_in(ada)


def ref(segment: Segment) -> dict[str, int]:
    return {"sequence": segment.sequence, "revision": segment.revision}


def ask(browser: Client, meeting: Meeting, **command: Any) -> tuple[int, dict[str, Any]]:
    path = reverse("meeting-review-change", args=[meeting.code])
    answer = browser.post(path, json.dumps(command), content_type="application/json")
    return answer.status_code, answer.json()


def done(browser: Client, meeting: Meeting, **command: Any) -> str:
    status, answer = ask(browser, meeting, **command)
    assert status == 200, answer
    return str(answer["operation"])


def refused(browser: Client, meeting: Meeting, **command: Any) -> str:
    status, answer = ask(browser, meeting, **command)
    assert status in {400, 409}
    return str(answer["code"])


def shown(meeting: Meeting) -> list[tuple[str, str, int]]:
    """The visible lines: who, what, from when."""
    lines = meeting.segments.filter(hidden=False).select_related("participant").order_by("start_ms", "sequence")
    return [(line.participant.display_name, line.text, line.start_ms) for line in lines]


def test_two_reviewers_do_not_overwrite_each_other(browser: Client, admin: User, host: Participant) -> None:
    line = ref(say(host, 1_000, "The bugdet is fine."))
    done(browser, host.meeting, type="edit", line=line, text="The budget is fine.")
    second = {"type": "edit", "line": line, "text": "Something else."}
    assert refused(signed_in(admin), host.meeting, **second) == "line_changed_meanwhile"
    assert shown(host.meeting) == [("Ada", "The budget is fine.", 1_000)]


def test_a_split_parts_text_words_and_time_and_can_be_undone_and_done_again(browser: Client, host: Participant) -> None:
    segment = say(host, 1_000, "Good morning everyone here", length_ms=2_400)
    before = shown(host.meeting)
    for _ in range(2):
        segment.refresh_from_db()
        parts = {"first": "Good morning", "second": "everyone here"}
        operation = done(browser, host.meeting, type="split", line=ref(segment), **parts)
        (_, first, _), (_, second, at_ms) = shown(host.meeting)
        assert (first, second) == ("Good morning", "everyone here")
        assert 1_000 < at_ms < 3_400
        done(browser, host.meeting, type="undo", operation=operation)
        assert shown(host.meeting) == before
    segment.refresh_from_db()
    assert segment.recognised_text == "Good morning everyone here"


def test_merged_lines_are_one_until_it_is_undone(browser: Client, host: Participant, bob: Participant) -> None:
    first, second, other = say(host, 1_000, "Good"), say(host, 3_000, "morning."), say(bob, 5_000, "Hello.")
    before = shown(host.meeting)
    assert refused(browser, host.meeting, type="merge", first=ref(first), second=ref(other)) == "lines_differ"
    assert refused(browser, host.meeting, type="merge", first=ref(first), second=ref(first)) == "lines_differ"
    operation = done(browser, host.meeting, type="merge", first=ref(first), second=ref(second))
    assert shown(host.meeting)[0] == ("Ada", "Good morning.", 1_000)
    assert len(shown(host.meeting)) == 2
    original = browser.get(f"/m/{host.meeting.code}/minutes.txt", {"text": "original"}).content.decode()
    assert "Good morning." in original
    done(browser, host.meeting, type="undo", operation=operation)
    assert shown(host.meeting) == before


def test_changes_of_a_line_are_taken_back_one_after_the_other(browser: Client, host: Participant) -> None:
    line, meeting = say(host, 1_000, "One"), host.meeting
    operations = []
    for text in ("Two", "Three"):
        operations.append(done(browser, meeting, type="edit", line=ref(line), text=text))
        line.refresh_from_db()
    assert refused(browser, meeting, type="undo", operation=operations[0]) == "line_changed_meanwhile"
    for operation, text in ((operations[1], "Two"), (operations[0], "One")):
        done(browser, meeting, type="undo", operation=operation)
        assert shown(meeting) == [("Ada", text, 1_000)]
    assert refused(browser, meeting, type="undo", operation=operations[1]) == "line_changed_meanwhile"


def test_a_split_whose_second_half_was_changed_is_not_taken_back(browser: Client, host: Participant) -> None:
    line, meeting = say(host, 1_000, "Good morning"), host.meeting
    operation = done(browser, meeting, type="split", line=ref(line), first="Good", second="morning")
    half = meeting.segments.get(text="morning")
    edit = done(browser, meeting, type="edit", line=ref(half), text="evening")
    assert refused(browser, meeting, type="undo", operation=operation) == "line_changed_meanwhile"
    done(browser, meeting, type="undo", operation=edit)
    done(browser, meeting, type="undo", operation=operation)
    assert shown(meeting) == [("Ada", "Good morning", 1_000)]


def test_the_history_names_what_can_be_taken_back(browser: Client, host: Participant) -> None:
    line, meeting = say(host, 1_000, "One"), host.meeting
    path = reverse("meeting-review-history", args=[meeting.code])

    def offered() -> list[str | None]:
        changes = browser.get(path, {"line": line.sequence}).json()["changes"]
        return [change["operation"] for change in changes]

    first = done(browser, meeting, type="edit", line=ref(line), text="Two")
    line.refresh_from_db()
    second = done(browser, meeting, type="hide", line=ref(line), hidden=True)
    assert offered() == [second, None]
    done(browser, meeting, type="undo", operation=second)
    undoing, *earlier = offered()
    assert earlier == [None, first]
    done(browser, meeting, type="undo", operation=undoing)
    line.refresh_from_db()
    assert line.hidden


@pytest.mark.parametrize(("language", "text", "first", "second"), [
    ("ja", "会議を始めます", "会議を", "始めます"), ("", "我用 写代码", "我用", "写代码"),
    ("zh", "我用 Python", "我用", "Python"),
])  # fmt: skip
def test_a_line_without_spaces_is_split_and_joined_without_losing_times(
    browser: Client, host: Participant, language: str, text: str, first: str, second: str
) -> None:
    line = say(host, 1_000, text, length_ms=len(text) * 100)
    words = [
        {"text": letter, "start_ms": 1_000 + at * 100, "end_ms": 1_100 + at * 100, "confidence": 0.5}
        for at, letter in enumerate(text)
    ]
    Segment.objects.filter(pk=line.pk).update(words=words, language=language)
    done(browser, host.meeting, type="split", line=ref(line), first=first, second=second)
    assert shown(host.meeting) == [("Ada", first, 1_000), ("Ada", second, 1_000 + text.index(second) * 100)]
    halves = list(host.meeting.segments.order_by("start_ms"))
    done(browser, host.meeting, type="merge", first=ref(halves[0]), second=ref(halves[1]))
    line.refresh_from_db()
    assert line.text == f"{first}{second}"
    assert (line.words[0]["start_ms"], line.words[-1]["end_ms"]) == (1_000, line.end_ms)


def test_lines_far_apart_and_gaps_are_not_merged(browser: Client, host: Participant) -> None:
    first, near, gap = say(host, 1_000, "Good"), say(host, 32_500, "morning"), say(host, 34_500, "")
    far = say(host, 64_001, "everybody")
    assert refused(browser, host.meeting, type="merge", first=ref(near), second=ref(gap)) == "line_is_gap"
    assert refused(browser, host.meeting, type="merge", first=ref(gap), second=ref(far)) == "line_is_gap"
    assert refused(browser, host.meeting, type="merge", first=ref(near), second=ref(far)) == "lines_apart"
    done(browser, host.meeting, type="merge", first=ref(first), second=ref(near))


def test_a_line_is_given_to_another_speaker_and_a_speaker_renamed(
    browser: Client, host: Participant, bob: Participant
) -> None:
    line = say(host, 1_000, "Hello.")
    operation = done(browser, host.meeting, type="reassign", lines=[ref(line)], participant_id=str(bob.pk))
    rename = {"type": "rename", "participant_id": str(bob.pk), "was": "Bob", "name": "Robert"}
    done(browser, host.meeting, **rename)
    assert shown(host.meeting) == [("Robert", "Hello.", 1_000)]
    assert refused(browser, host.meeting, **rename) == "speaker_changed_meanwhile"
    assert refused(browser, host.meeting, **{**rename, "was": "Robert", "name": "\u202eA"}) == "name_invalid"
    done(browser, host.meeting, type="undo", operation=operation)
    assert shown(host.meeting) == [("Ada", "Hello.", 1_000)]


def test_replacing_changes_exactly_the_lines_that_were_shown(browser: Client, host: Participant) -> None:
    lines = [say(host, at * 2_000, text) for at, text in enumerate(["A bugdet.", "The Bugdet (b)", "bugdet"])]
    command = {
        "type": "replace",
        "find": "bugdet",
        "replacement": r"\1 budget",
        "lines": [ref(line) for line in lines[:2]],
    }
    operation = done(browser, host.meeting, **command)
    assert [text for _, text, _ in shown(host.meeting)] == [r"A \1 budget.", r"The \1 budget (b)", "bugdet"]
    assert refused(browser, host.meeting, **command) == "line_changed_meanwhile"
    done(browser, host.meeting, type="undo", operation=operation)
    assert [text for _, text, _ in shown(host.meeting)] == ["A bugdet.", "The Bugdet (b)", "bugdet"]


def test_a_replacement_is_made_in_all_lines_or_in_none(browser: Client, host: Participant) -> None:
    lines = [ref(say(host, 1_000, "um yes")), ref(say(host, 3_000, "um"))]
    assert refused(browser, host.meeting, type="replace", find="um", replacement="", lines=lines) == "line_empty"
    assert [text for _, text, _ in shown(host.meeting)] == ["um yes", "um"]


def test_however_many_lines_change_the_store_is_asked_as_often(
    browser: Client, host: Participant, bob: Participant, django_assert_max_num_queries: Any
) -> None:
    """Replacing, reassigning and undoing take seconds in a meeting of thousands of lines, not minutes."""
    lines = [say(host, at * 2_000, "A bugdet.") for at in range(40)]
    with django_assert_max_num_queries(20):
        replace = {"type": "replace", "find": "bugdet", "replacement": "budget"}
        done(browser, host.meeting, **replace, lines=[ref(line) for line in lines])
    moved = [{"sequence": line.sequence, "revision": 1} for line in lines]
    with django_assert_max_num_queries(20):
        operation = done(browser, host.meeting, type="reassign", lines=moved, participant_id=str(bob.pk))
    assert {(name, text) for name, text, _ in shown(host.meeting)} == {("Bob", "A budget.")}
    with django_assert_max_num_queries(20):
        done(browser, host.meeting, type="undo", operation=operation)
    assert {(name, text) for name, text, _ in shown(host.meeting)} == {("Ada", "A budget.")}
    edits = list(host.meeting.segments.order_by("edit").values_list("edit", flat=True))
    assert edits == list(range(81, 121))  # each change has its own number, which pages ask by


def test_a_line_that_is_named_twice_is_changed_once(browser: Client, host: Participant) -> None:
    line = say(host, 1_000, "aa")
    replace = {"type": "replace", "find": "a", "replacement": "aa", "lines": [ref(line), ref(line)]}
    done(browser, host.meeting, **replace)
    assert shown(host.meeting) == [("Ada", "aaaa", 1_000)]


def test_a_hidden_line_is_neither_in_the_transcript_nor_in_the_minutes(browser: Client, host: Participant) -> None:
    line = say(host, 1_000, "Off the record.")
    done(browser, host.meeting, type="hide", line=ref(line), hidden=True)
    for path in (f"/m/{host.meeting.code}/transcript/", f"/m/{host.meeting.code}/minutes.txt", "/search/?q=record"):
        assert "Off the record." not in browser.get(path).content.decode()


def test_an_approved_transcript_is_locked_until_it_is_reopened_with_a_reason(
    browser: Client, host: Participant
) -> None:
    meeting, line = host.meeting, say(host, 1_000, "Hello.")
    assert refused(browser, meeting, type="status", was="draft", status="approved") == "status_step"
    done(browser, meeting, type="status", was="draft", status="in_review")
    assert refused(browser, meeting, type="status", was="draft", status="in_review") == "status_changed_meanwhile"
    done(browser, meeting, type="status", was="in_review", status="approved")
    assert b"Approved" in browser.get(f"/m/{meeting.code}/transcript/").content
    assert refused(browser, meeting, type="accept", line=ref(line), reviewed=True) == "approved"
    reopen = {"type": "status", "was": "approved", "status": "in_review"}
    assert refused(browser, meeting, **reopen) == "reason_missing"
    done(browser, meeting, **reopen, reason="A name was wrong.")
    done(browser, meeting, type="accept", line=ref(line), reviewed=True)
    assert meeting.review_steps.last().reason == "A name was wrong."  # type: ignore[union-attr]


def test_while_the_meeting_runs_the_review_waits(browser: Client, host: Participant) -> None:
    line = say(host, 1_000, "Hello.")
    Meeting.objects.update(status=Meeting.Status.LIVE)
    assert refused(browser, host.meeting, type="hide", line=ref(line), hidden=True) == "meeting_live"


@pytest.mark.parametrize(
    "command",
    [
        {"type": "dance"},
        {"type": "edit", "line": {"sequence": 0, "revision": 0}, "text": "x"},
        {"type": "edit", "line": {"sequence": 1, "revision": 0}, "text": "x" * 10_001},
        {"type": "replace", "find": "", "replacement": "x", "lines": [{"sequence": 1, "revision": 0}]},
        {"type": "replace", "find": "x", "replacement": "x", "lines": []},
        {"type": "status", "was": "draft", "status": "done"},
    ],
)
def test_nonsense_is_refused(browser: Client, host: Participant, command: dict[str, Any]) -> None:
    assert refused(browser, host.meeting, **command) == "message_invalid"


def test_a_guest_of_the_meeting_reads_but_does_not_review(meeting: Meeting, grace: Client, ada: User) -> None:
    ended(meeting)
    assert grace.get(reverse("meeting-review", args=[meeting.code])).status_code == 404
    assert signed_in(ada).get(reverse("meeting-review", args=[meeting.code])).status_code == 200


def test_a_reviewer_reviews_meetings_of_others_and_it_is_logged(host: Participant, eve: User) -> None:
    eve.groups.add(Group.objects.get(name="reviewer"))
    line = say(host, 1_000, "The bugdet is fine.")
    done(signed_in(eve), host.meeting, type="edit", line=ref(line), text="The budget is fine.")
    entry = AuditEntry.objects.get(action=AuditEntry.Action.CHANGED)
    assert (entry.user, entry.meeting_id) == (eve, host.meeting_id)


def test_the_page_gets_what_changed_since_it_looked_and_where_doubts_stand(browser: Client, host: Participant) -> None:
    first, second = say(host, 1_000, "😀 Hello wrold"), say(host, 3_000, "Bye")
    words = [("😀", 0.9), ("Hello", 0.9), ("wrold", 0.3)]
    first.words = [{"text": word, "start_ms": 0, "end_ms": 0, "confidence": sure} for word, sure in words]
    first.save()
    path = reverse("meeting-review-lines", args=[host.meeting.code])
    whole = browser.get(path).json()
    assert [line["doubts"] for line in whole["lines"]] == [[[9, 14]], []]
    done(browser, host.meeting, type="hide", line=ref(second), hidden=True)
    news = browser.get(path, {"after": whole["edit"]}).json()
    assert [(line["sequence"], line["hidden"]) for line in news["lines"]] == [(second.sequence, True)]
    assert browser.get(path, {"after": "x"}).status_code == 404


def test_a_long_transcript_comes_in_pages(browser: Client, host: Participant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_lines, "PAGE", 2)
    said = [say(host, 9_000 - at * 1_000, str(at)) for at in range(4)]
    path = reverse("meeting-review-lines", args=[host.meeting.code])
    read: list[int] = []
    start: int | None = 0
    while start is not None:
        page = browser.get(path, {"from": start}).json()
        read += [line["sequence"] for line in page["lines"]]
        start = page["next"]
    assert read == [line.sequence for line in reversed(said)]
    assert browser.get(path, {"from": "-1"}).status_code == 404


def test_the_history_of_a_line_says_who_made_what_of_it(browser: Client, host: Participant) -> None:
    line = say(host, 1_000, "The bugdet is fine.")
    done(browser, host.meeting, type="edit", line=ref(line), text="The budget is fine.")
    path = reverse("meeting-review-history", args=[host.meeting.code])
    history = browser.get(path, {"line": line.sequence}).json()
    assert history["recognised"] == "The bugdet is fine."
    assert history["changes"][0]["author"] == "Ada"
    diff = [["same", "The"], ["gone", "bugdet"], ["new", "budget"], ["same", "is fine."]]
    assert history["changes"][0]["diff"] == diff
    assert browser.get(path, {"line": "999"}).status_code == 404


def test_the_history_says_what_a_change_that_leaves_the_text_made_of_a_line(
    browser: Client, host: Participant, bob: Participant
) -> None:
    line, meeting = say(host, 1_000, "Hello."), host.meeting
    done(browser, meeting, type="accept", line=ref(line), reviewed=True)
    line.refresh_from_db()
    done(browser, meeting, type="reassign", lines=[ref(line)], participant_id=str(bob.pk))
    line.refresh_from_db()
    operation = done(browser, meeting, type="hide", line=ref(line), hidden=True)
    done(browser, meeting, type="undo", operation=operation)
    path = reverse("meeting-review-history", args=[meeting.code])
    changes = browser.get(path, {"line": line.sequence}).json()["changes"]
    assert [change["diff"] for change in changes] == [
        [["gone", "hidden"], ["new", "shown"]],
        [["gone", "shown"], ["new", "hidden"]],
        [["gone", "Ada"], ["new", "Bob"]],
        [["gone", "not reviewed"], ["new", "reviewed"]],
    ]


def test_the_page_says_what_happened_to_the_transcript(browser: Client, host: Participant) -> None:
    meeting = host.meeting
    paths = [reverse(name, args=[meeting.code]) for name in ("meeting-review", "meeting-review-steps")]
    assert all("Nothing yet" in browser.get(path).content.decode() for path in paths)
    done(browser, meeting, type="rename", participant_id=str(host.pk), was="Ada", name="Ada <Byron>")
    for was, status in (("draft", "in_review"), ("in_review", "approved")):
        done(browser, meeting, type="status", was=was, status=status)
    done(browser, meeting, type="status", was="approved", status="in_review", reason="A name was wrong.")
    ReviewStep.objects.update(created_at=START)
    for path in paths:
        page = browser.get(path).content.decode()
        shown = ["Ada → Ada &lt;Byron&gt;", "In review", "Approved", "A name was wrong.", "2026-03-02 14:00"]
        assert all(text in page for text in shown), page


def test_the_original_text_carries_what_was_heard_and_when(browser: Client, host: Participant) -> None:
    """However a line was edited, split, merged and restored since."""
    meeting = host.meeting
    lines = [say(host, at, text, length_ms=1_000) for at, text in ((1_000, "Good mroning"), (3_000, "every one"))]
    for line in lines:
        first, second = line.text.split()
        words = [(first, line.start_ms, line.start_ms + 200), (second, line.start_ms + 300, line.end_ms)]
        line.words = [{"text": text, "start_ms": start, "end_ms": end, "confidence": 0.5} for text, start, end in words]
        line.save()

    def heard() -> list[tuple[str, int, list[tuple[str, int, int]]]]:
        answer = browser.get(f"/m/{meeting.code}/minutes.json", {"text": "original"}).json()
        return [
            (line["text"], line["end_ms"], [tuple(word.values()) for word in line["words"]]) for line in answer["lines"]
        ]

    both = [
        ("Good mroning", 2_000, [("Good", 1_000, 1_200), ("mroning", 1_300, 2_000)]),
        ("every one", 4_000, [("every", 3_000, 3_200), ("one", 3_300, 4_000)]),
    ]
    assert heard() == both
    done(browser, meeting, type="edit", line=ref(lines[0]), text="A very good morning")
    assert heard() == both
    lines[0].refresh_from_db()
    done(browser, meeting, type="split", line=ref(lines[0]), first="A very", second="good morning")
    assert heard() == both
    done(browser, meeting, type="edit", line=ref(lines[1]), text="everyone")
    good = meeting.segments.get(text="good morning")
    lines[1].refresh_from_db()
    operation = done(browser, meeting, type="merge", first=ref(good), second=ref(lines[1]))
    merged = heard()
    assert [(text, end_ms) for text, end_ms, _ in merged] == [("Good mroning", 2_000), ("every one", 4_000)]
    assert [text for text, _, _ in merged[1][2]] == ["every", "one"]
    done(browser, meeting, type="undo", operation=operation)
    assert heard() == both
