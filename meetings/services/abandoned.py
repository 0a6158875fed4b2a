"""Meetings that everybody left and nobody ended: they end by themselves, at the last moment that somebody was there."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Max, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from meetings.models import Meeting
from meetings.redis import with_redis
from meetings.services import presence, rooms

LEFT_FOR = timedelta(hours=4)  # whoever comes back sooner finds the meeting going on


def end_abandoned() -> int:
    """Returns how many."""
    count = 0
    for meeting in _left_long_ago():
        last_moment = _last_moment(meeting)
        if last_moment < timezone.now() - LEFT_FOR and not with_redis(partial(presence.present, meeting.pk)):
            rooms.end_meeting(meeting, last_moment)
            count += 1
    return count


def _left_long_ago() -> QuerySet[Meeting]:
    """Live meetings that nobody entered or left lately."""
    moved = Greatest("started_at", Max("participants__joined_at"), Max("participants__left_at"))
    live = Meeting.objects.filter(status=Meeting.Status.LIVE).annotate(moved_at=moved)
    return live.filter(moved_at__lt=timezone.now() - LEFT_FOR)


def _last_moment(meeting: Any) -> datetime:
    moved: datetime = meeting.moved_at
    said: datetime | None = meeting.segments.aggregate(at=Max("created_at"))["at"]
    return max(moved, said or moved)
