"""Streaming sessions of programs. One without a meeting gets a meeting of its own, so that nothing it said is lost."""

import time
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings

from meetings.models import AudioStream, Meeting, Participant, Segment, User
from meetings.protocol.requests import AudioStart
from meetings.redis import redis_client
from meetings.services import presence, rooms, streams
from transcription.captions import SAMPLE_RATE
from transcription.streams import StreamInfo

PLACE_SECONDS = 20.0  # that a stream keeps its place without a sign of life
SESSIONS = "stt:sessions"  # sorted set of the stream ids of sessions with a meeting of their own, by when they end


class SessionRefused(Exception):
    """There is no such session or meeting for this person; the text says which."""


class TooMany(Exception):
    """The token has PROGRAM_STREAMS already."""


class SessionOver(SessionRefused):
    """The meeting takes no more audio."""


@dataclass(frozen=True, slots=True)
class Session:
    info: StreamInfo
    participant: Participant
    own_meeting: bool
    newest: int  # sequence of the newest final that was heard before


def resume(user: User, session_id: str, after: int | None = None) -> Session:
    """`after` is the id of the last segment that was heard, 0 for none. Raises SessionRefused."""
    try:
        stream = AudioStream.objects.select_related("participant__meeting").get(
            pk=UUID(session_id), participant__user=user
        )
    except (ValueError, AudioStream.DoesNotExist):
        raise SessionRefused("there is no such session of yours") from None
    _check_may_speak(stream.participant)
    session = _session(stream.participant, session_id, stream.language, own_meeting=False)
    return session if after is None else replace(session, newest=_sequence_of(session, after))


def _sequence_of(session: Session, segment_id: int) -> int:
    segments = Segment.objects.filter(pk=segment_id, meeting_id=session.participant.meeting_id)
    return segments.values_list("sequence", flat=True).first() or 0


def begin(user: User, code: str, name: str, language: str) -> Session:
    """In the meeting of a join code, or with a meeting of its own named `name`; raises SessionRefused."""
    if code:
        meeting = None if "\0" in code else Meeting.objects.filter(code=code).first()
        if meeting is None:
            raise SessionRefused("there is no such meeting")
    else:
        meeting = rooms.create_meeting(user, name, language=language)
    participant = _seat(meeting, user)
    rooms.start_meeting(meeting)
    presence.record_joined(participant.pk)
    participant.meeting = Meeting.objects.get(pk=meeting.pk)
    return _session(participant, "", language, own_meeting=not code)


def _seat(meeting: Meeting, user: User) -> Participant:
    """Somebody who was in a meeting keeps the seat after its end, but not the word."""
    try:
        participant = rooms.join(meeting, user=user, session={}, display_name="")
    except rooms.MeetingOver:
        raise SessionOver("the meeting is over") from None
    except rooms.JoinRefused:
        raise SessionRefused("the meeting is locked, or a host removed you") from None
    _check_may_speak(participant)
    return participant


def _check_may_speak(participant: Participant) -> None:
    """Raises SessionRefused."""
    if not participant.meeting.takes_audio:
        raise SessionOver("the meeting is over")
    if participant.admission == Participant.Admission.WAITING:
        raise SessionRefused("a host has to admit you first: come back then")
    if participant.admission == Participant.Admission.REMOVED:
        raise SessionRefused("a host removed you")


def may_speak(participant_id: UUID) -> bool:
    """Whether they are in the meeting, and it goes on."""
    participant = Participant.objects.select_related("meeting").filter(pk=participant_id).first()
    return (
        participant is not None
        and participant.admission == Participant.Admission.ADMITTED
        and participant.meeting.takes_audio
    )


def _session(participant: Participant, stream_id: str, language: str, *, own_meeting: bool) -> Session:
    start = AudioStart(sample_rate=SAMPLE_RATE, language=language, stream_id=stream_id)
    try:
        info, _ = streams.open_stream(participant.pk, start)
    except streams.StreamRefused:
        raise SessionRefused("this is the stream of a microphone in a browser, no session") from None
    except rooms.MeetingOver:
        raise SessionOver("the meeting is over") from None
    return Session(info, participant, own_meeting, participant.meeting.last_sequence)


async def take_place(token_id: int, place: str) -> None:
    """One of PROGRAM_STREAMS of a token at once, to be held by `hold_place`; raises TooMany."""
    async with redis_client().pipeline() as orders:
        orders.zremrangebyscore(_places(token_id), "-inf", time.time())
        orders.zadd(_places(token_id), {place: time.time() + PLACE_SECONDS})
        orders.zcard(_places(token_id))
        *_, taken = await orders.execute()
    if taken > settings.PROGRAM_STREAMS:
        await leave_place(token_id, place)
        raise TooMany


async def hold_place(token_id: int, place: str) -> None:
    await redis_client().zadd(_places(token_id), {place: time.time() + PLACE_SECONDS})
    await redis_client().expire(_places(token_id), round(2 * PLACE_SECONDS))


async def leave_place(token_id: int, place: str) -> None:
    await redis_client().zrem(_places(token_id), place)


def _places(token_id: int) -> str:
    return f"stt:streams:{token_id}"


async def keep(stream_id: str) -> None:
    """It lives for PROGRAM_SESSION_SECONDS more."""
    await redis_client().zadd(SESSIONS, {stream_id: time.time() + settings.PROGRAM_SESSION_SECONDS})


async def has_own_meeting(stream_id: str) -> bool:
    return await redis_client().zscore(SESSIONS, stream_id) is not None


async def forget(stream_id: str) -> None:
    await redis_client().zrem(SESSIONS, stream_id)


async def expired() -> list[str]:
    found = await redis_client().zrangebyscore(SESSIONS, "-inf", time.time(), start=0, num=100)
    return [name.decode() for name in found]


def end(stream_id: str) -> None:
    """End the session's own meeting; a second call changes nothing."""
    meeting = Meeting.objects.filter(participants__streams=UUID(stream_id)).first()
    if meeting is not None:
        rooms.end_meeting(meeting)
