"""The overlay's page: whoever has the link, while the meeting runs."""

import pytest
from django.test import Client
from django.urls import reverse

from meetings.models import Meeting, Participant, User
from meetings.services.access import overlay_key
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db


def page(meeting: Meeting, key: str) -> int:
    return Client().get(reverse("meeting-overlay", args=[meeting.code]), {"key": key}).status_code


def test_the_link_needs_no_session_and_shows_nothing_of_before(meeting: Meeting) -> None:
    say(meeting.participants.get(), 1_000, "Said before")
    answer = Client().get(reverse("meeting-overlay", args=[meeting.code]), {"key": overlay_key(meeting)})
    assert answer.status_code == 200
    assert "Said before" not in answer.content.decode()


def test_without_the_right_key_or_after_the_end_there_is_nothing(meeting: Meeting) -> None:
    key = overlay_key(meeting)
    assert [page(meeting, wrong) for wrong in ("", "0", key[:-1], f"{key}0", "ключ")] == [404] * 5
    ended(meeting)
    assert page(meeting, key) == 404


def test_the_host_is_shown_the_link_and_nobody_else(meeting: Meeting, ada: User, eve: User) -> None:
    room = reverse("meeting-room", args=[meeting.code])
    Participant.objects.create(meeting=meeting, user=eve, display_name="Eve", role=Participant.Role.MEMBER)
    assert overlay_key(meeting) in signed_in(ada).get(room).content.decode()
    assert overlay_key(meeting) not in signed_in(eve).get(room).content.decode()
