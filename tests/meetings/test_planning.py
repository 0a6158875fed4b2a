"""Planned meetings, their calendar entries, and finding a meeting again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from meetings.models import Meeting, User
from tests.meetings.cast import ended, live_meeting, signed_in

pytestmark = pytest.mark.django_db
NEW = {"title": "Board", "language": "", "agenda": "Figures; and, more", "time_zone": "Europe/Berlin"}


def plan(browser: Client, **values: str) -> Meeting:
    when = {"planned_at": "2999-07-01T09:30", "planned_minutes": "90"}
    answer = browser.post("/meetings/new/", {**NEW, **when, **values})
    assert answer.headers["Location"] == "/"
    return Meeting.objects.get(title="Board")


def test_the_time_is_meant_in_the_time_zone_of_the_browser(ada: User) -> None:
    meeting = plan(signed_in(ada))
    assert meeting.planned_at == datetime(2999, 7, 1, 7, 30, tzinfo=UTC)
    assert meeting.planned_minutes == 90
    assert "Board" in signed_in(ada).get("/").content.decode()


def test_a_time_that_has_passed_is_refused(ada: User) -> None:
    answer = signed_in(ada).post("/meetings/new/", {**NEW, "planned_at": "2020-01-01T09:00"})
    assert "passed" in str(answer.context["form"].errors["planned_at"])


def test_the_calendar_entry_says_when_where_and_who(ada: User) -> None:
    meeting = plan(signed_in(ada))
    answer = signed_in(ada).get(f"/m/{meeting.code}/invite.ics")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="board.ics"'
    event: Any = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert event["summary"] == "Board"
    assert event["dtstart"].dt == meeting.planned_at
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(minutes=90)
    assert str(event["url"]) == f"http://testserver/m/{meeting.code}/"
    assert str(event["organizer"]) == "MAILTO:ada@example.org"


def test_only_people_of_the_meeting_get_its_calendar_entry(ada: User, eve: User, meeting: Meeting) -> None:
    planned = plan(signed_in(ada))
    assert signed_in(eve).get(f"/m/{planned.code}/invite.ics").status_code == 404
    assert signed_in(ada).get(f"/m/{meeting.code}/invite.ics").status_code == 404


def test_a_meeting_starts_now_without_further_questions(ada: User) -> None:
    answer = signed_in(ada).post("/meetings/now/")
    meeting = Meeting.objects.get()
    assert answer.headers["Location"] == f"/m/{meeting.code}/"
    assert meeting.title == "Meeting of Ada"
    assert Client().post("/meetings/now/").headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(("sent", "zone"), [("Asia/Tokyo", "Asia/Tokyo"), ("Mars/Olympus", "UTC"), ("", "UTC")])
def test_a_meeting_that_starts_now_is_in_the_time_zone_of_the_browser(ada: User, sent: str, zone: str) -> None:
    browser = signed_in(ada)
    assert 'name="time_zone"' in browser.get("/").content.decode()
    browser.post("/meetings/now/", {"time_zone": sent})
    assert Meeting.objects.get().time_zone == zone


def test_a_lobby_that_was_left_leads_to_the_same_meeting_until_somebody_is_in_it(ada: User, eve: User) -> None:
    first, again = [signed_in(ada).post("/meetings/now/").headers["Location"] for _ in range(2)]
    assert first == again
    signed_in(eve).post(first, {"consent": "on"})
    assert signed_in(ada).post("/meetings/now/").headers["Location"] != first


@pytest.mark.parametrize(("words", "found"), [("weekly", 1), ("BUDGET sync", 1), ("grace", 1), ("zebra", 0), ("\0", 1)])
def test_a_meeting_is_found_by_title_agenda_and_people(
    ada: User, meeting: Meeting, grace: Client, words: str, found: int
) -> None:
    ended(meeting)
    page = signed_in(ada).get("/", {"q": words})
    assert len(page.context["past"]) == found


def test_nobody_finds_meetings_of_others(ada: User, eve: User) -> None:
    live_meeting(ada)
    assert signed_in(eve).get("/", {"q": "weekly"}).context["live"] == []
