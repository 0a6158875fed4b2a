"""Who is in the room. A connection is present until it leaves or its heartbeat expires, also when its server dies.

Every change has a number: first the change is made, then it is numbered, then read and announced. So the event with the
highest number says how things are, in whatever order two servers got to it; a change that nobody announced is a hole.
"""

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import NamedTuple, cast
from uuid import UUID

from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from meetings.fanout import numbered, presence_key
from meetings.models import Participant
from meetings.protocol.events import ParticipantView
from meetings.redis import redis_client

EXPIRES_SECONDS = 20.0
ROOMS = "presence:rooms"  # set of meeting ids with somebody present
KEPT_SECONDS = 24 * 3600
_LEAVE = files("meetings").joinpath("scripts", "leave.lua").read_text()


class Departure(NamedTuple):
    """Somebody whose last connection died without a word."""

    meeting_id: str
    participant_id: str
    change: int


def _key(meeting_id: UUID | str) -> str:
    return f"presence:{meeting_id}"


def _unmuted_key(meeting_id: UUID | str) -> str:
    return f"presence:{meeting_id}:unmuted"


def _hearing_key(meeting_id: UUID | str) -> str:
    return f"presence:{meeting_id}:hearing"


def _hands_key(meeting_id: UUID | str) -> str:
    return f"presence:{meeting_id}:hands"


def _member(participant_id: UUID | str, connection: str) -> str:
    return f"{participant_id} {connection}"


async def beat(meeting_id: UUID | str, participant_id: UUID | str, connection: str) -> bool:
    """Say that a connection is alive for EXPIRES_SECONDS more; True when it was not known."""
    until = {_member(participant_id, connection): time.time() + EXPIRES_SECONDS}
    async with redis_client().pipeline(transaction=False) as steps:
        steps.sadd(ROOMS, str(meeting_id))
        steps.zadd(_key(meeting_id), until)
        return bool((await steps.execute())[1])


async def leave(meeting_id: UUID | str, participant_id: UUID | str, connection: str) -> int | None:
    """Take a connection out; returns the number of the change when it was the participant's last."""
    of_meeting = (_key, _unmuted_key, _hearing_key, _hands_key, presence_key)
    keys = [key(meeting_id) for key in of_meeting]
    now = time.time()
    arguments = [str(participant_id), connection, now, int(now * 1_000), KEPT_SECONDS]
    return cast("int | None", await redis_client().register_script(_LEAVE)(keys, arguments))


async def is_present(meeting_id: UUID | str, participant_id: UUID | str) -> bool:
    return str(participant_id) in await present(meeting_id)


async def present(meeting_id: UUID | str) -> set[str]:
    """Ids of the participants with a living connection."""
    members = await redis_client().zrangebyscore(_key(meeting_id), time.time(), "+inf")
    return {member.decode().split()[0] for member in members}


async def expire() -> AsyncIterator[Departure]:
    """Drop dead connections; yields the participants who thereby left."""
    redis = redis_client()
    for meeting_id in [room.decode() for room in await redis.smembers(ROOMS)]:
        for member in await redis.zrangebyscore(_key(meeting_id), "-inf", time.time()):
            participant_id, connection = member.decode().split()
            number = await leave(meeting_id, participant_id, connection)
            if number is not None:
                yield Departure(meeting_id, participant_id, number)
        if not await redis.exists(_key(meeting_id)):
            await redis.srem(ROOMS, meeting_id)


# ── Changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def set_state(meeting_id: UUID | str, participant_id: UUID | str, *, muted: bool, hearing: bool) -> int:
    """Returns the number of the change."""
    async with redis_client().pipeline() as steps:
        for key, is_member in ((_unmuted_key(meeting_id), not muted), (_hearing_key(meeting_id), hearing)):
            change = steps.sadd if is_member else steps.srem
            change(key, str(participant_id))
            steps.expire(key, KEPT_SECONDS)
        return await numbered(steps, meeting_id)


async def raise_hand(meeting_id: UUID | str, participant_id: UUID | str, at_ms: int) -> tuple[int, int]:
    """Returns the number of the change, and since when it is up in ms since the epoch: a raised one keeps its place."""
    async with redis_client().pipeline() as steps:
        steps.zadd(_hands_key(meeting_id), {str(participant_id): at_ms}, nx=True)
        steps.expire(_hands_key(meeting_id), KEPT_SECONDS)
        number = await numbered(steps, meeting_id)
    since = await redis_client().zscore(_hands_key(meeting_id), str(participant_id))
    return number, int(since or at_ms)


async def lower_hand(meeting_id: UUID | str, participant_id: UUID | str) -> int:
    """Returns the number of the change."""
    async with redis_client().pipeline() as steps:
        steps.zrem(_hands_key(meeting_id), str(participant_id))
        return await numbered(steps, meeting_id)


@dataclass(frozen=True, slots=True)
class RoomState:
    """What is known of the room's participants now, by participant id."""

    here: frozenset[str] = frozenset()
    unmuted: frozenset[str] = frozenset()
    hearing: frozenset[str] = frozenset()
    hands: Mapping[str, int] = field(default_factory=dict)  # raised when, in ms since the epoch


async def room_state(meeting_id: UUID | str) -> RoomState:
    unmuted = await redis_client().smembers(_unmuted_key(meeting_id))
    hearing = await redis_client().smembers(_hearing_key(meeting_id))
    hands = await redis_client().zrange(_hands_key(meeting_id), 0, -1, withscores=True)
    here = await present(meeting_id)
    return RoomState(
        here=frozenset(here),
        unmuted=frozenset(member.decode() for member in unmuted),
        hearing=frozenset(member.decode() for member in hearing),
        hands={member.decode(): int(score) for member, score in hands if member.decode() in here},
    )


def record_joined(participant_id: UUID | str) -> None:
    """Note the first coming; a return takes the leaving back."""
    first = Coalesce("joined_at", Value(timezone.now()))
    Participant.objects.filter(pk=participant_id).update(joined_at=first, left_at=None)


def record_left(participant_id: UUID | str) -> None:
    """Note when they left, unless that was noted already."""
    Participant.objects.filter(pk=participant_id, left_at=None).update(left_at=timezone.now())


def participant_view(participant: Participant, state: RoomState) -> ParticipantView:
    key = str(participant.pk)
    return ParticipantView(
        id=key,
        name=participant.display_name,
        role=participant.role,
        color=participant.color,
        present=key in state.here,
        muted=key not in state.unmuted,
        hearing=key in state.hearing,
        hand_ms=state.hands.get(key),
        audio_agreed=participant.audio_agreed,
    )


def participants_of(meeting_id: UUID) -> list[Participant]:
    """Everybody who ever entered the room, in order of coming."""
    return list(Participant.objects.filter(meeting_id=meeting_id).exclude(joined_at=None))
