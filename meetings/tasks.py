"""Periodic work, safe to run twice."""

from functools import partial

from celery import shared_task

from meetings import fanout
from meetings.protocol import ParticipantLeft
from meetings.redis import audio_bus, with_redis
from meetings.services import presence, streams


@shared_task
def expire_presence() -> int:
    """Show participants whose connection died without a word as left; returns how many."""
    count = 0
    for meeting_id, participants in with_redis(presence.expire).items():
        for participant_id in participants:
            if presence.record_left(participant_id):
                fanout.announce(meeting_id, ParticipantLeft(participant_id))
                count += 1
    return count


@shared_task
def complete_meetings() -> int:
    """Complete ended meetings whose last audio is settled; returns how many."""
    count = 0
    for meeting_id, stream_ids in streams.finishing_meetings().items():
        if with_redis(partial(_drained, stream_ids)):
            streams.finish_drained(meeting_id)
            count += 1
    return count


async def _drained(stream_ids: list[str]) -> bool:
    return await audio_bus().drained(stream_ids)
