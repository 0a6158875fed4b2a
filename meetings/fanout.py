"""Room events to every member's consumer through the channel layer.

The layer is at-most-once, so an event is only a hint: a final carries its sequence, a mark its change, and a consumer
that sees a hole reads the store.
"""

import logging
from typing import TypedDict
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from meetings.protocol import CaptionFinal, MarkChanged, MeetingEnded, RoomEvent, encode

logger = logging.getLogger(__name__)


class RoomMessage(TypedDict):
    """What travels on the layer: the text to send as it is, and its place in the log of finals or of marks."""

    type: str
    text: str
    sequence: int  # of a final, otherwise 0
    change: int  # of a mark, otherwise 0


def meeting_group(kind: str, meeting_id: UUID | str) -> str:
    """The group of a meeting's sockets of a kind: "room" or "audio"."""
    return f"{kind}.{UUID(str(meeting_id)).hex}"


def participant_group(participant_id: UUID | str) -> str:
    return f"participant.{UUID(str(participant_id)).hex}"


async def publish(meeting_id: UUID | str, event: RoomEvent) -> None:
    """Send an event to everybody in the room; raises what the channel layer raises."""
    sequence = event.sequence if isinstance(event, CaptionFinal) else 0
    change = event.change if isinstance(event, MarkChanged) else 0
    message: RoomMessage = {"type": "room.event", "text": encode(event), "sequence": sequence, "change": change}
    layer = get_channel_layer()
    await layer.group_send(meeting_group("room", meeting_id), message)
    if isinstance(event, MeetingEnded):
        await layer.group_send(meeting_group("audio", meeting_id), {"type": "audio.closed"})


def announce(meeting_id: UUID | str, event: RoomEvent) -> None:
    """`publish` for synchronous code."""
    async_to_sync(publish)(meeting_id, event)


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
