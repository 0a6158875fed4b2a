"""Whose audio is kept, and from when: off by default, only of those who agree, asked before they enter."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from meetings.models import KeptSpan, Meeting, User
from meetings.services import hosting, keeping, retention
from tests.meetings.cast import ended, signed_in

pytestmark = pytest.mark.django_db
NEW = {"title": "Board", "language": "", "agenda": "", "time_zone": "UTC", "planned_minutes": "60"}


@pytest.fixture
def kept(meeting: Meeting) -> Meeting:
    """Ada's meeting, whose audio is kept."""
    keeping.keep_audio(meeting.participants.get().pk, True)
    meeting.refresh_from_db()
    return meeting


def enter(meeting: Meeting, name: str, **answers: str) -> Any:
    Client().post(f"/m/{meeting.code}/", {"display_name": name, "consent": "on", **answers})
    return meeting.participants.get(display_name=name)


def test_no_audio_is_kept_unless_the_host_wants_it(ada: User, meeting: Meeting) -> None:
    signed_in(ada).post("/meetings/new/", NEW)
    assert Meeting.objects.get(title="Board").keep_audio is False
    assert "audio" not in Client().get(f"/m/{meeting.code}/").context["form"].fields
    assert enter(meeting, "Grace", audio="on").audio_agreed is None
    assert not KeptSpan.objects.exists()


def test_everybody_is_asked_in_the_lobby_and_the_host_who_wants_it_need_only_say_yes(ada: User) -> None:
    host = signed_in(ada)
    host.post("/meetings/new/", {**NEW, "keep_audio": "on", "audio_days": "7"})
    meeting = Meeting.objects.get(title="Board")
    assert host.get(f"/m/{meeting.code}/").context["form"]["audio"].value() is True
    host.post(f"/m/{meeting.code}/", {"consent": "on"})
    assert host.get(f"/m/{meeting.code}/?devices").context["form"]["audio"].value() is False
    page = Client().get(f"/m/{meeting.code}/")
    assert page.context["form"]["audio"].value() is False
    assert "It is deleted 7 days after the meeting." in page.content.decode()


def test_who_does_not_agree_enters_all_the_same_and_is_not_kept(kept: Meeting) -> None:
    assert enter(kept, "Grace").audio_agreed is False
    assert enter(kept, "Alan", audio="on").audio_agreed is True
    kept_people = KeptSpan.objects.filter(ended_at=None).values_list("participant__display_name", flat=True)
    assert sorted(kept_people) == ["Ada", "Alan"]


def test_audio_is_kept_from_the_moment_of_agreement_to_that_of_taking_it_back(kept: Meeting) -> None:
    grace = enter(kept, "Grace")
    before = timezone.now()
    keeping.agree(grace.pk, True)
    during = timezone.now()
    keeping.agree(grace.pk, False)
    after = timezone.now()
    spans = keeping.keeping_of(grace.pk)
    assert [spans.covers(moment) for moment in (before, during, after)] == [False, True, False]


def test_turning_it_off_and_on_again_keeps_nothing_of_what_was_said_between(kept: Meeting) -> None:
    ada = kept.participants.get()
    keeping.keep_audio(ada.pk, False)
    between = timezone.now()
    keeping.keep_audio(ada.pk, True)
    keeping.keep_audio(ada.pk, True)
    assert KeptSpan.objects.count() == 2
    spans = keeping.keeping_of(ada.pk)
    assert not spans.covers(between)
    assert spans.covers(timezone.now())
    assert not spans.covers(timezone.now() - timedelta(hours=1))


def test_nothing_is_turned_on_when_the_meeting_is_over(meeting: Meeting) -> None:
    ended(meeting)
    with pytest.raises(hosting.HostingRefused, match="over"):
        keeping.keep_audio(meeting.participants.get().pk, True)


def test_a_host_who_said_no_for_themselves_stays_unkept(meeting: Meeting) -> None:
    ada = meeting.participants.get()
    keeping.agree(ada.pk, False)
    _, host = keeping.keep_audio(ada.pk, True)
    assert host.audio_agreed is False
    assert not KeptSpan.objects.exists()


@pytest.mark.parametrize(
    ("usual", "wanted", "days"), [(90, None, 90), (90, 7, 7), (30, 90, 30), (0, None, None), (0, 7, 7)]
)
def test_a_meeting_keeps_its_audio_as_long_as_is_usual_or_less(
    settings: Settings, meeting: Meeting, usual: int, wanted: int | None, days: int | None
) -> None:
    import msgspec

    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, audio_days=usual)
    meeting.audio_days = wanted
    assert retention.audio_days_of(meeting) == days


def test_no_longer_time_than_is_usual_can_be_chosen(ada: User) -> None:
    answer = signed_in(ada).post("/meetings/new/", {**NEW, "keep_audio": "on", "audio_days": "365"})
    assert "audio_days" in answer.context["form"].errors
