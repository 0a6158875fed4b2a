"""Making meetings, seeing one's own, ending them."""

import pytest
from django.test import Client

from meetings.models import Meeting, Participant, User
from tests.meetings.cast import PASSWORD, ended, signed_in

pytestmark = pytest.mark.django_db

NEW = {"title": "Planning", "language": "de", "agenda": "Budget", "time_zone": "America/New_York"}


def test_making_a_meeting_leads_through_its_lobby_into_its_room_as_host(ada: User) -> None:
    browser = signed_in(ada)
    answer = browser.post("/meetings/new/", NEW)
    meeting = Meeting.objects.get()
    assert answer.headers["Location"] == f"/m/{meeting.code}/"
    assert (meeting.title, meeting.language, meeting.agenda, meeting.time_zone) == (*NEW.values(),)
    lobby = browser.get(f"/m/{meeting.code}/").content.decode()
    assert "You enter as" in lobby
    assert "Your meeting" in lobby
    entered = browser.post(f"/m/{meeting.code}/", {"consent": "on"})
    assert entered.headers["Location"] == f"/m/{meeting.code}/room/"
    assert meeting.participants.get().role == Participant.Role.HOST
    assert browser.get(entered.headers["Location"]).status_code == 200


@pytest.mark.parametrize("when", [{}, {"planned_at": "2999-07-01T09:30"}])
def test_a_host_is_in_the_meeting_and_agrees_only_once_they_passed_the_lobby(ada: User, when: dict[str, str]) -> None:
    browser = signed_in(ada)
    browser.post("/meetings/new/", {**NEW, **when})
    meeting = Meeting.objects.get()
    assert not meeting.participants.exists()
    assert browser.get(f"/m/{meeting.code}/room/").headers["Location"] == f"/m/{meeting.code}/"
    browser.post(f"/m/{meeting.code}/")
    assert not meeting.participants.exists()
    meeting.refresh_from_db()
    assert meeting.status == Meeting.Status.SCHEDULED
    browser.post(f"/m/{meeting.code}/", {"consent": "on"})
    assert meeting.participants.get().consented_at is not None


def test_making_a_meeting_needs_an_account() -> None:
    answer = Client().get("/meetings/new/")
    assert answer.headers["Location"] == "/accounts/login/?next=/meetings/new/"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "x" * 500])
def test_a_time_zone_nobody_knows_becomes_utc(ada: User, zone: str) -> None:
    signed_in(ada).post("/meetings/new/", {**NEW, "time_zone": zone})
    assert Meeting.objects.get().time_zone == "UTC"


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", ""), ("title", "x" * 201), ("title", "a\u202eb"), ("language", "klingon"), ("agenda", "x" * 10_001)],
)
def test_a_meeting_that_cannot_be_is_refused_at_its_field(ada: User, field: str, value: str) -> None:
    answer = signed_in(ada).post("/meetings/new/", {**NEW, field: value})
    assert answer.context["form"].errors[field]
    assert not Meeting.objects.exists()


def test_home_shows_what_one_hosts_or_took_part_in_and_nothing_else(meeting: Meeting, ada: User, eve: User) -> None:
    planned = Meeting.objects.create(title="Planned", host=ada)
    past = ended(Meeting.objects.create(title="Past", host=ada))
    theirs = Meeting.objects.create(title="Eve's own", host=eve)
    page = signed_in(ada).get("/").context
    assert (page["live"], page["coming"], page["past"]) == ([meeting], [planned], [past])
    Participant.objects.create(meeting=meeting, user=eve, display_name="Eve", role=Participant.Role.MEMBER)
    page = signed_in(eve).get("/").context
    assert (page["live"], page["coming"], page["past"]) == ([meeting], [theirs], [])


def test_home_of_somebody_unknown_shows_no_meetings(meeting: Meeting) -> None:
    assert "Weekly sync" not in Client().get("/").content.decode()


def test_the_host_ends_the_meeting_for_all(meeting: Meeting, ada: User) -> None:
    answer = signed_in(ada).post(f"/m/{meeting.code}/end/")
    meeting.refresh_from_db()
    assert answer.headers["Location"] == f"/m/{meeting.code}/transcript/"
    assert meeting.status == Meeting.Status.FINISHING
    assert meeting.ended_at is not None


def test_the_host_ends_a_meeting_they_never_entered(meeting: Meeting, ada: User) -> None:
    meeting.participants.all().delete()
    signed_in(ada).post(f"/m/{meeting.code}/end/")
    meeting.refresh_from_db()
    assert meeting.status == Meeting.Status.FINISHING


def test_only_the_host_ends_it(meeting: Meeting, grace: Client, eve: User, admin: User) -> None:
    member = signed_in(eve)
    member.post(f"/m/{meeting.code}/", {"consent": "on"})
    assert [client.post(f"/m/{meeting.code}/end/").status_code for client in (grace, member, signed_in(admin))] == [
        403
    ] * 3
    meeting.refresh_from_db()
    assert meeting.status == Meeting.Status.LIVE


def test_signing_out_closes_the_own_pages(meeting: Meeting, ada: User) -> None:
    browser = Client()
    assert browser.login(username="ada@example.org", password=PASSWORD)
    browser.post("/accounts/logout/")
    assert browser.get(f"/m/{meeting.code}/transcript/").status_code == 404
