"""A host writes the minutes: begun with what was marked, saved as typed, approved, and downloaded as written."""

import json
from typing import Any

import pytest
from django.test import Client

from meetings.models import Mark, Meeting, Minutes, Participant, User
from meetings.services.suggestions import MAX_SUGGESTIONS
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(meeting: Meeting) -> Meeting:
    """An ended meeting with one decision marked and two lines that sound like results."""
    ada = meeting.participants.get()
    said = say(ada, 61_000, "We ship on Monday.")
    Mark.objects.create(
        meeting=meeting, author=ada, segment=said, kind="decision", text="Ship on Monday", at_ms=61_000, change=1
    )
    say(ada, 70_000, "I’ll write to the supplier.")
    say(ada, 80_000, "We agreed to meet again.")
    say(ada, 90_000, "The weather is fine.")
    return ended(meeting)


def filled(**changes: Any) -> dict[str, Any]:
    """What the page's form sends."""
    form = {
        "revision": "0", "template": "formal", "place": "Room 4", "chair": "Grace", "summary": "All <b>well</b>.",
        "absent": "Nils, Yuki ,, Nils",
        "next_meeting": "9 March", "discussion-TOTAL_FORMS": "1", "discussion-INITIAL_FORMS": "0",
        "discussion-0-item": "Budget", "discussion-0-text": "Stays as it is.",
        "decisions-TOTAL_FORMS": "2", "decisions-INITIAL_FORMS": "0",
        "decisions-0-text": "Ship on Tuesday", "decisions-0-at_ms": "61000", "decisions-1-text": "",
        "actions-TOTAL_FORMS": "1", "actions-INITIAL_FORMS": "0", "actions-0-text": "Write notes",
        "actions-0-owner": "Grace", "actions-0-due": "2026-03-09", "actions-0-done": "on",
    }  # fmt: skip
    return form | changes


def path(meeting: Meeting) -> str:
    return f"/m/{meeting.code}/minutes/"


def document(meeting: Meeting, extension: str, **options: str) -> str:
    answer = signed_in(meeting.host).get(f"/m/{meeting.code}/minutes.{extension}", options)
    return answer.content.decode()


def test_the_page_begins_with_what_people_marked(held: Meeting) -> None:
    page = signed_in(held.host).get(path(held)).content.decode()
    assert "Ship on Monday" in page
    assert "[01:01]" in page
    assert "Budget" in page
    assert not Minutes.objects.exists()


def test_what_the_host_writes_is_what_is_downloaded(held: Meeting) -> None:
    assert signed_in(held.host).post(path(held), filled()).status_code == 302
    for extension in ("md", "txt", "json"):
        text = document(held, extension)
        for written in ("Room 4", "Stays as it is.", "Ship on Tuesday", "Write notes", "9 March", "draft"):
            assert written in text
        assert "Ship on Monday" not in text.replace("We ship on Monday", "")
    action = json.loads(document(held, "json"))["actions"][0]
    assert (action["owner"], action["due"], action["done"]) == ("Grace", "2026-03-09", True)


def test_who_was_invited_and_never_came_is_named_once_beside_those_who_had_a_seat(held: Meeting) -> None:
    Participant.objects.create(meeting=held, display_name="Yuki", role=Participant.Role.GUEST)
    signed_in(held.host).post(path(held), filled())
    assert json.loads(document(held, "json"))["absent"] == ["Yuki", "Nils"]
    assert "Absent: Yuki, Nils\n" in document(held, "txt")
    assert json.loads(document(held, "json", names="0"))["absent"] == []


def test_a_script_saves_and_gets_the_next_revision(held: Meeting) -> None:
    browser = signed_in(held.host)
    answer = browser.post(path(held), filled(), headers={"Accept": "application/json"})
    assert answer.json() == {"revision": 1}
    again = browser.post(path(held), filled(revision="1", place="Room 5"), headers={"Accept": "application/json"})
    assert again.json() == {"revision": 2}
    assert held.minutes.place == "Room 5"


def test_what_was_typed_into_blank_rows_stays_however_often_it_is_saved(held: Meeting) -> None:
    browser = signed_in(held.host)
    for revision in range(3):
        browser.post(path(held), filled(revision=str(revision)), headers={"Accept": "application/json"})
        minutes = Minutes.objects.get()
        assert [row["text"] for row in minutes.discussion] == ["Stays as it is."]
        assert [row["text"] for row in minutes.decisions] == ["Ship on Tuesday"]
        assert [row["text"] for row in minutes.actions] == ["Write notes"]


def test_a_discussion_of_nothing_is_left_out(held: Meeting) -> None:
    browser = signed_in(held.host)
    browser.post(path(held), filled(**{"discussion-0-item": "", "discussion-0-text": ""}))
    assert Minutes.objects.get().discussion == []
    assert "Ship on Tuesday" in document(held, "txt")


def test_two_who_write_at_once_do_not_overwrite_each_other(held: Meeting) -> None:
    browser = signed_in(held.host)
    browser.post(path(held), filled(place="First"))
    answer = browser.post(path(held), filled(place="Second"), headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert "changed" in answer.json()["message"]
    assert held.minutes.place == "First"
    assert answer.json()["revision"] == 1
    page = browser.post(path(held), filled(place="Second"))
    assert page.status_code == 409
    assert all(
        text in page.content.decode() for text in ("Second", "See how they are now", 'value="1" id="id_revision"')
    )
    again = browser.post(path(held), filled(place="Second", revision="1"))
    assert again.status_code == 302
    assert Minutes.objects.get().place == "Second"


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions-0-due": "tomorrow"}, {"place": "x" * 201}, {"summary": "a\x07b"}, {"template": "none"},
        {"absent": "x" * 1_001}, {"decisions-0-text": "x" * 2_001}, {"decisions-TOTAL_FORMS": "100000"},
        {"revision": "x"}, {"actions-TOTAL_FORMS": "x"}, {"decisions-0-at_ms": "-1"},
        {"decisions-0-evidence": "1 x"}, {"actions-0-evidence": "-1"},
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_refused_and_nothing_is_stored(held: Meeting, wrong: dict[str, str]) -> None:
    answer = signed_in(held.host).post(path(held), filled(**wrong), headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert not Minutes.objects.exists()


def test_approved_minutes_are_closed_until_somebody_reopens_them(held: Meeting) -> None:
    browser = signed_in(held.host)
    browser.post(path(held), filled(approve=""))
    assert "Status: approved by Ada" in document(held, "txt")
    assert "Ada" not in document(held, "txt", names="0")
    assert browser.post(path(held), filled(revision="2")).status_code == 409
    browser.post(path(held), {"reopen": ""})
    assert "Status: draft" in document(held, "txt")
    assert browser.post(path(held), filled(revision="3")).status_code == 302


def test_lines_that_sound_like_results_are_suggested_with_their_evidence(held: Meeting) -> None:
    browser = signed_in(held.host)
    page = browser.get(path(held))
    found = page.context["suggestions"]
    assert [(one.kind, one.owner, one.at_ms) for one in found] == [("action", "Ada", 70_000), ("decision", "", 80_000)]
    assert "may be wrong" in page.content.decode()
    browser.post(path(held), filled(accept=str(found[1].sequence)))
    assert held.minutes.decisions[-1] == {"text": "We agreed to meet again.", "at_ms": 80_000, "evidence": [3]}
    assert [one.at_ms for one in browser.get(path(held)).context["suggestions"]] == [70_000]


@pytest.mark.parametrize("accept", ["999", "x", "4", "9" * 40])
def test_a_suggestion_without_a_real_line_is_not_accepted(held: Meeting, accept: str) -> None:
    signed_in(held.host).post(path(held), filled(accept=accept))
    assert len(held.minutes.decisions) + len(held.minutes.actions) == 2


def test_a_result_keeps_the_lines_that_support_it_and_links_to_them(held: Meeting) -> None:
    browser = signed_in(held.host)
    link = f'<a href="/m/{held.code}/transcript/#s{{}}">[{{}}]</a>'
    assert link.format(1, "01:01") in browser.get(path(held)).content.decode()
    browser.post(path(held), filled(**{"decisions-0-evidence": "1 3 99"}))
    assert held.minutes.decisions[0]["evidence"] == [1, 3]  # the meeting has no line 99
    page = browser.get(path(held)).content.decode()
    assert link.format(1, "01:01") in page
    assert link.format(3, "01:20") in page
    assert json.loads(document(held, "json"))["decisions"][0]["evidence"] == [1, 3]
    assert [line["sequence"] for line in json.loads(document(held, "json"))["lines"]] == [1, 2, 3, 4]
    held.segments.filter(sequence=3).update(hidden=True)
    assert "#s3" not in browser.get(path(held)).content.decode()


def test_suggestions_are_bounded(held: Meeting) -> None:
    ada = held.participants.get()
    for number in range(30):
        say(ada, 100_000 + 2_000 * number, "I will write it.")
    assert len(signed_in(held.host).get(path(held)).context["suggestions"]) == MAX_SUGGESTIONS


@pytest.mark.parametrize(("template", "there", "missing"), [
    ("short", "Ship on Tuesday", "The weather"),
    ("transcript", "The weather", "Ship on Tuesday"),
])  # fmt: skip
def test_templates_choose_what_a_document_holds(held: Meeting, template: str, there: str, missing: str) -> None:
    signed_in(held.host).post(path(held), filled(template=template))
    text = document(held, "txt")
    assert there in text
    assert missing not in text


def test_readers_do_not_write_and_a_running_meeting_has_no_minutes_yet(meeting: Meeting, grace: Client) -> None:
    assert signed_in(meeting.host).get(path(meeting)).status_code == 302
    ended(meeting)
    assert grace.get(path(meeting)).status_code == 403
    assert grace.post(path(meeting), filled()).status_code == 403
    assert "Write the minutes" not in grace.get(f"/m/{meeting.code}/transcript/").content.decode()


def test_administrators_write_them_too(held: Meeting, admin: User) -> None:
    assert signed_in(admin).post(path(held), filled()).status_code == 302
