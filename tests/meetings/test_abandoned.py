"""A meeting that everybody left ends by itself, and no other."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from meetings import tasks
from meetings.models import Meeting, Participant, Segment, User
from meetings.redis import with_redis
from meetings.services import presence
from tests.meetings.cast import live_meeting, say

pytestmark = pytest.mark.django_db
BEGAN, LEFT = timedelta(hours=7), timedelta(hours=5)


def ago(span: timedelta) -> datetime:
    return timezone.now() - span


@pytest.fixture
def left(ada: User) -> Meeting:
    """Its host left it five hours ago, and ended it not."""
    meeting = live_meeting(ada)
    Meeting.objects.filter(pk=meeting.pk).update(started_at=ago(BEGAN))
    meeting.participants.update(joined_at=ago(BEGAN), left_at=ago(LEFT))
    return meeting


@pytest.fixture
def came_back(left: Meeting) -> Iterator[Meeting]:
    """Redis knows of a connection that the store does not know of yet."""
    person, connection = left.participants.get().pk, uuid4().hex
    with_redis(lambda: presence.beat(left.pk, person, connection))
    yield left
    with_redis(lambda: presence.leave(left.pk, person, connection))


def ended_by_itself(meeting: Meeting) -> bool:
    count = tasks.end_abandoned()
    meeting.refresh_from_db()
    assert count == (meeting.status == Meeting.Status.FINISHING)
    return bool(count)


def test_a_meeting_that_everybody_left_ends_when_the_last_was_there(left: Meeting) -> None:
    last_moment = left.participants.get().left_at
    assert ended_by_itself(left)
    assert left.ended_at == last_moment
    assert tasks.end_abandoned() == 0


def test_whoever_is_there_keeps_it_open(came_back: Meeting) -> None:
    assert not ended_by_itself(came_back)


def test_what_was_said_lately_keeps_it_open(left: Meeting) -> None:
    line = say(left.participants.get(), 1_000, "One.")
    assert not ended_by_itself(left)
    spoken = ago(LEFT - timedelta(minutes=1))
    Segment.objects.filter(pk=line.pk).update(created_at=spoken)
    assert ended_by_itself(left)
    assert left.ended_at == spoken


def test_a_meeting_left_a_while_ago_waits_for_those_who_come_back(left: Meeting) -> None:
    Participant.objects.filter(meeting=left).update(left_at=ago(timedelta(hours=3)))
    assert not ended_by_itself(left)


def test_a_meeting_of_which_nobody_saw_the_end_ends_too(left: Meeting) -> None:
    """Redis forgot who was there before their leaving was noted."""
    left.participants.update(left_at=None)
    assert ended_by_itself(left)
