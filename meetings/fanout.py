"""Room events to every member's consumer through the channel layer.

The layer is at-most-once, so an event is only a hint: a final carries its sequence, a mark its change, a correction its
edit, and a consumer that sees a hole reads the store.
"""

import logging
import time
from functools import partial
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from meetings.protocol.events import (
    CaptionFinal,
    MarkChanged,
    MeetingChanged,
    MeetingEnded,
    OffRecordChanged,
    RoomEvent,
    SegmentUpdated,
)
from meetings.protocol.texts import encode
from meetings.redis import redis_client, with_redis

DOORS = MeetingChanged | MeetingEnded | OffRecordChanged  # numbered among the changes of who is there, as they are then
logger = logging.getLogger(__name__)


class CaptionTimes(TypedDict):
    """When a caption with words was made, on the servers' clock in ms since the epoch."""

    stream_id: str
    spoken_ms: float  # the end of its audio; 0 when that is not known
    ready_ms: float  # stored (a final) or decoded (a partial)


class RoomMessage(TypedDict):
    """What travels on the layer: the text to send as it is, and its place in the log that it belongs to."""

    type: str
    text: str
    sequence: int  # of a final, otherwise 0
    change: int  # of a mark, otherwise 0
    edit: int  # of a corrected segment, otherwise 0
    presence: int  # of a change of who is there and how, otherwise 0
    times: NotRequired[CaptionTimes]
    confidence: NotRequired[float]  # of a partial; pages do not show it


def meeting_group(kind: str, meeting_id: UUID | str) -> str:
    """The group of a meeting's sockets of a kind: "room" or "audio"."""
    return f"{kind}.{UUID(str(meeting_id)).hex}"


def participant_group(participant_id: UUID | str) -> str:
    return f"participant.{UUID(str(participant_id)).hex}"


async def publish(
    meeting_id: UUID | str,
    event: RoomEvent,
    times: CaptionTimes | None = None,
    presence: int = 0,
    confidence: float | None = None,
) -> None:
    """Send an event to everybody in the room; raises what Redis raises, unless the number of the event heals it.

    `presence` is the event's number among the changes of who is there, if it has one already.
    """
    sequence = event.sequence if isinstance(event, CaptionFinal) else 0
    change = event.change if isinstance(event, MarkChanged) else 0
    edit = event.edit if isinstance(event, SegmentUpdated) else 0
    if isinstance(event, DOORS):
        presence = await presence_number(meeting_id)
    message: RoomMessage = {
        "type": "room.event",
        "text": encode(event),
        "sequence": sequence,
        "change": change,
        "edit": edit,
        "presence": presence,
    }
    if times is not None:
        message["times"] = times
    if confidence is not None:
        message["confidence"] = confidence
    layer = get_channel_layer()
    try:
        await layer.group_send(meeting_group("room", meeting_id), message)
    except (RedisError, OSError) as error:
        if not (sequence or change or edit or presence):
            raise
        logger.warning("event not announced, its number will be missed (%s)", type(error).__name__)
    if isinstance(event, MeetingEnded):
        await layer.group_send(meeting_group("audio", meeting_id), {"type": "audio.closed"})
    if isinstance(event, OffRecordChanged | MeetingChanged):
        await record_changed(meeting_id)


async def record_changed(meeting_id: UUID | str) -> None:
    """Have the audio sockets look what is off the record, and whose audio may be kept."""
    await get_channel_layer().group_send(meeting_group("audio", meeting_id), {"type": "audio.record"})


async def tell(participant_id: UUID | str, event: RoomEvent, *, of_meeting: UUID | str) -> None:
    """Send an event to one participant's page, if they are a participant of that meeting."""
    message = {"type": "participant.told", "text": encode(event), "meeting": str(of_meeting)}
    await get_channel_layer().group_send(participant_group(participant_id), message)


async def send_out(participant_id: UUID | str) -> None:
    """Close the sockets of a participant whom a host removed."""
    await get_channel_layer().group_send(participant_group(participant_id), {"type": "participant.removed"})


async def waiting_changed(meeting_id: UUID | str) -> None:
    """Have the hosts' sockets look who waits."""
    await get_channel_layer().group_send(meeting_group("room", meeting_id), {"type": "room.waiting"})


def presence_key(meeting_id: UUID | str) -> str:
    """Where Redis counts the changes of who is there: whoever missed one sees the hole."""
    return f"presence:{meeting_id}:changes"


async def presence_number(meeting_id: UUID | str) -> int:
    """The number of a change that was just made elsewhere; how things are is to be read after this call."""
    async with redis_client().pipeline() as steps:
        return await numbered(steps, meeting_id)


async def numbered(steps: Any, meeting_id: UUID | str) -> int:
    """Make a change and number it at once. Numbers begin with the time in ms: they also rise when Redis lost count."""
    key = presence_key(meeting_id)
    steps.set(key, time.time_ns() // 1_000_000, nx=True)
    steps.incr(key)
    steps.expire(key, 24 * 3600)
    return int((await steps.execute())[-2])


def announce(meeting_id: UUID | str, event: RoomEvent) -> None:
    """`publish` for synchronous code."""
    with_redis(partial(publish, meeting_id, event))


def announce_waiting(meeting_id: UUID | str) -> None:
    """`waiting_changed` for synchronous code; hosts also see who waits when their page connects."""
    try:
        with_redis(partial(waiting_changed, meeting_id))
    except (RedisError, OSError) as error:
        logger.warning("hosts not told who waits (%s)", type(error).__name__)


async def supersede(participant_id: UUID | str, kind: str, generation: int) -> None:
    """Tell the participant's sockets of a kind ("room", "audio") that all older than `generation` must close."""
    message = {"type": "participant.superseded", "kind": kind, "generation": generation}
    await get_channel_layer().group_send(participant_group(participant_id), message)


def recheck(participant_id: UUID | str) -> None:
    """Have the participant's sockets look again whether they may stay. Sockets also look by themselves, less often."""
    send = async_to_sync(get_channel_layer().group_send)
    try:
        send(participant_group(participant_id), {"type": "participant.recheck"})
    except (RedisError, OSError) as error:
        logger.warning("sockets not told to look again (%s)", type(error).__name__)
