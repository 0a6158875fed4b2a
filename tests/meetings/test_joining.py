"""The invite link: guests give a name, members just enter, the ended meeting takes nobody new."""

import pytest
from django.test import Client

from meetings.models import Meeting, User
from meetings.services import hosting
from tests.meetings.cast import ended, signed_in

pytestmark = pytest.mark.django_db


def test_a_guest_joins_with_a_name_and_no_account(meeting: Meeting) -> None:
    browser = Client()
    page = browser.get(f"/m/{meeting.code}/")
    assert "Weekly sync" in page.content.decode()
    assert page.context["seat"] is None
    entered = browser.post(f"/m/{meeting.code}/", {"display_name": "  Grace Hopper ", "consent": "on"})
    assert entered.headers["Location"] == f"/m/{meeting.code}/room/"
    room = browser.get(f"/m/{meeting.code}/room/")
    assert room.status_code == 200
    assert room.context["participant"].display_name == "Grace Hopper"
    assert room.context["invite_url"] == f"http://testserver/m/{meeting.code}/"


def test_somebody_with_an_account_enters_under_their_own_name(meeting: Meeting, eve: User) -> None:
    browser = signed_in(eve)
    assert "display_name" not in browser.get(f"/m/{meeting.code}/").context["form"].fields
    browser.post(f"/m/{meeting.code}/", {"consent": "on"})
    assert meeting.participants.get(user=eve).display_name == "Eve"


def test_whoever_has_a_seat_goes_straight_to_the_room(meeting: Meeting, grace: Client) -> None:
    assert grace.get(f"/m/{meeting.code}/").headers["Location"] == f"/m/{meeting.code}/room/"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "required"),
        ("   ", "required"),
        ("x" * 81, "at most 80"),
        ("Ada\nHost", "Control characters"),
        ("Ada\x00", "Null characters"),
        ("Ada\x1b[31m", "Control characters"),
        ("\u202eadA", "text direction"),
        ("A\u061cda", "text direction"),
        ("A\u2066da", "text direction"),
        ("\u200b\u200d", "visible"),
    ],
)
def test_a_name_that_would_mislead_is_refused_with_the_reason(meeting: Meeting, name: str, reason: str) -> None:
    answer = Client().post(f"/m/{meeting.code}/", {"display_name": name, "consent": "on"})
    assert answer.status_code == 200
    assert reason in " ".join(answer.context["form"].errors["display_name"])
    assert meeting.participants.count() == 1


@pytest.mark.parametrize("name", ["x" * 80, "Zoë", "李雷", "Ünsal Şahin", "نور", "👩\u200d🚀", "O'Neil <b>", "=1+1"])
def test_names_of_all_people_are_taken_and_shown_literally(meeting: Meeting, name: str) -> None:
    browser = Client()
    browser.post(f"/m/{meeting.code}/", {"display_name": name, "consent": "on"})
    assert meeting.participants.filter(display_name=name).exists()
    assert "<b>" not in browser.get(f"/m/{meeting.code}/transcript/").content.decode()


def test_an_ended_meeting_takes_nobody_new(meeting: Meeting) -> None:
    ended(meeting)
    browser = Client()
    answer = browser.post(f"/m/{meeting.code}/", {"display_name": "Late", "consent": "on"}, follow=True)
    assert "This meeting has ended" in answer.content.decode()
    assert meeting.participants.count() == 1


def test_after_the_end_everybody_who_was_there_gets_the_transcript(meeting: Meeting, grace: Client, ada: User) -> None:
    ended(meeting)
    transcript = f"/m/{meeting.code}/transcript/"
    for browser in (grace, signed_in(ada)):
        assert browser.get(f"/m/{meeting.code}/").headers["Location"] == transcript
        assert browser.get(f"/m/{meeting.code}/room/").headers["Location"] == transcript
        assert browser.get(transcript).status_code == 200


def test_a_guest_who_leaves_finds_the_way_back(meeting: Meeting, grace: Client) -> None:
    page = grace.post(f"/m/{meeting.code}/leave/", follow=True)
    assert page.redirect_chain == [(f"/m/{meeting.code}/left/", 302)]
    assert f"/m/{meeting.code}/transcript/" in page.content.decode()


def test_nobody_enters_without_agreeing_to_be_transcribed(meeting: Meeting) -> None:
    answer = Client().post(f"/m/{meeting.code}/", {"display_name": "Grace"})
    assert "agreement" in str(answer.context["form"].errors["consent"])
    assert not meeting.participants.filter(display_name="Grace").exists()
    Client().post(f"/m/{meeting.code}/", {"display_name": "Grace", "consent": "on"})
    assert meeting.participants.get(display_name="Grace").consented_at is not None


def test_a_locked_meeting_takes_nobody_new_but_everybody_back(meeting: Meeting, grace: Client) -> None:
    Meeting.objects.update(locked=True)
    stranger = Client()
    assert "locked" in stranger.get(f"/m/{meeting.code}/").content.decode()
    stranger.post(f"/m/{meeting.code}/", {"display_name": "Late", "consent": "on"})
    assert not meeting.participants.filter(display_name="Late").exists()
    assert grace.get(f"/m/{meeting.code}/room/").status_code == 200


def test_newcomers_wait_until_a_host_admits_them(meeting: Meeting, ada: User) -> None:
    Meeting.objects.update(waiting_room=True)
    browser = Client()
    browser.post(f"/m/{meeting.code}/", {"display_name": "Grace", "consent": "on"})
    assert browser.get(f"/m/{meeting.code}/room/").headers["Location"] == f"/m/{meeting.code}/waiting/"
    assert "Waiting room" in browser.get(f"/m/{meeting.code}/waiting/").content.decode()
    assert browser.get(f"/m/{meeting.code}/transcript/").status_code == 404
    seat = meeting.participants.get(display_name="Grace")
    hosting.admit(meeting.pk, seat.pk)
    assert browser.get(f"/m/{meeting.code}/waiting/").headers["Location"] == f"/m/{meeting.code}/room/"


def test_who_was_removed_neither_comes_back_nor_reads(meeting: Meeting, grace: Client) -> None:
    hosting.remove(meeting.pk, meeting.participants.get(display_name="Grace").pk)
    page = grace.get(f"/m/{meeting.code}/room/", follow=True).content.decode()
    assert "removed" in page
    assert "To the start page" in page
    grace.post(f"/m/{meeting.code}/", {"display_name": "Grace", "consent": "on"})
    assert meeting.participants.filter(display_name="Grace").count() == 1
    assert grace.get(f"/m/{meeting.code}/transcript/").status_code == 404


def test_the_invite_link_is_a_qr_code_for_those_inside(meeting: Meeting, grace: Client) -> None:
    picture = grace.get(f"/m/{meeting.code}/invite.svg")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in picture.content
    assert Client().get(f"/m/{meeting.code}/invite.svg").status_code == 404
