"""Who is in the room. A connection is present until it leaves or its heartbeat expires, also when its server dies."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from meetings.models import Participant
from meetings.protocol.events import ParticipantView
from meetings.redis import redis_client

EXPIRES_SECONDS = 20.0
ROOMS = "presence:rooms"  # set of meeting ids with somebody present


def _key(meeting_id: UUID | str) -> str:
    return f"presence:{meeting_id}"


def _unmuted_key(meeting_id: UUID | str) -> str:
    return f"presence:{meeting_id}:unmuted"


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


async def leave(meeting_id: UUID | str, participant_id: UUID | str, connection: str) -> bool:
    """Take a connection out; True when it was the participant's last."""
    redis = redis_client()
    await redis.zrem(_key(meeting_id), _member(participant_id, connection))
    return not await is_present(meeting_id, participant_id)


async def is_present(meeting_id: UUID | str, participant_id: UUID | str) -> bool:
    """Whether another connection of the participant lives."""
    return str(participant_id) in await present(meeting_id)


async def present(meeting_id: UUID | str) -> set[str]:
    """Ids of the participants with a living connection."""
    members = await redis_client().zrangebyscore(_key(meeting_id), time.time(), "+inf")
    return {member.decode().split()[0] for member in members}


async def expire() -> dict[str, set[str]]:
    """Drop dead connections; returns, by meeting id, the participants who thereby left."""
    redis = redis_client()
    left: dict[str, set[str]] = {}
    for meeting_id in [room.decode() for room in await redis.smembers(ROOMS)]:
        dead = await redis.zrangebyscore(_key(meeting_id), "-inf", time.time())
        if dead:
            await redis.zrem(_key(meeting_id), *dead)
            gone = {member.decode().split()[0] for member in dead} - await present(meeting_id)
            left[meeting_id] = gone
        if not await redis.exists(_key(meeting_id)):
            await redis.srem(ROOMS, meeting_id)
    return left


async def set_muted(meeting_id: UUID | str, participant_id: UUID | str, muted: bool) -> None:
    redis = redis_client()
    change = redis.srem if muted else redis.sadd
    await change(_unmuted_key(meeting_id), str(participant_id))
    await redis.expire(_unmuted_key(meeting_id), 24 * 3600)


async def set_hand(meeting_id: UUID | str, participant_id: UUID | str, raised: bool) -> int | None:
    """Raise a hand or lower it; returns when it was raised, in ms since the epoch. A raised one keeps its place."""
    redis, key = redis_client(), _hands_key(meeting_id)
    if not raised:
        await redis.zrem(key, str(participant_id))
        return None
    await redis.zadd(key, {str(participant_id): time.time() * 1_000}, nx=True)
    await redis.expire(key, 24 * 3600)
    score = await redis.zscore(key, str(participant_id))
    return int(score) if score else None


@dataclass(frozen=True, slots=True)
class RoomState:
    """What is known of the room's participants now, by participant id."""

    here: frozenset[str] = frozenset()
    unmuted: frozenset[str] = frozenset()
    hands: Mapping[str, int] = field(default_factory=dict)  # raised when, in ms since the epoch


async def room_state(meeting_id: UUID | str) -> RoomState:
    unmuted = await redis_client().smembers(_unmuted_key(meeting_id))
    hands = await redis_client().zrange(_hands_key(meeting_id), 0, -1, withscores=True)
    here = await present(meeting_id)
    return RoomState(
        here=frozenset(here),
        unmuted=frozenset(member.decode() for member in unmuted),
        hands={member.decode(): int(score) for member, score in hands if member.decode() in here},
    )


def record_joined(participant_id: UUID) -> None:
    """Note the first coming; a return takes the leaving back."""
    Participant.objects.filter(pk=participant_id, joined_at=None).update(joined_at=timezone.now())
    Participant.objects.filter(pk=participant_id).update(left_at=None)


def record_left(participant_id: UUID | str) -> bool:
    """Note the leaving; False when it was noted already."""
    return bool(Participant.objects.filter(pk=participant_id, left_at=None).update(left_at=timezone.now()))


def participant_view(participant: Participant, state: RoomState) -> ParticipantView:
    key = str(participant.pk)
    return ParticipantView(
        id=key,
        name=participant.display_name,
        role=participant.role,
        color=participant.color,
        present=key in state.here,
        muted=key not in state.unmuted,
        hand_ms=state.hands.get(key),
        audio_agreed=participant.audio_agreed,
    )


def participants_of(meeting_id: UUID) -> list[Participant]:
    """Everybody who ever entered the room, in order of coming."""
    return list(Participant.objects.filter(meeting_id=meeting_id).exclude(joined_at=None))
