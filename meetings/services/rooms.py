"""The life of a meeting: made, joined, started, ended, complete."""

import logging
from collections.abc import MutableMapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from meetings import fanout
from meetings.models import Meeting, Participant, User
from meetings.protocol.events import MeetingEnded
from meetings.services import events, idempotency, keeping
from meetings.services.access import SESSION_KEY, seat_of

logger = logging.getLogger(__name__)
MAX_LISTED = 200
MAX_WORDS = 8  # of one search
KEYED = UUID("3f2d5c0e-7b1c-4a55-9a44-6f9d2f6f0c11")  # the namespace of meetings made with a key


class JoinRefused(Exception):
    """The person does not get a seat."""


class MeetingOver(JoinRefused):
    """The meeting ended: nobody new can join."""


class MeetingLocked(JoinRefused):
    """A host locked the meeting: nobody new can join."""


class Removed(JoinRefused):
    """A host removed this person."""


def create_meeting(
    host: User,
    title: str,
    *,
    language: str = "",
    agenda: str = "",
    terms: str = "",
    time_zone: str = "UTC",
    planned_at: datetime | None = None,
    planned_minutes: int = 60,
    keep_audio: bool = False,
    audio_days: int | None = None,
) -> Meeting:
    return Meeting.objects.create(
        host=host,
        title=title,
        language=language,
        agenda=agenda,
        terms=terms,
        time_zone=time_zone,
        planned_at=planned_at,
        planned_minutes=planned_minutes,
        keep_audio=keep_audio,
        audio_days=audio_days,
    )


def meeting_now(host: User, title: str, time_zone: str) -> Meeting:
    """A meeting to start at once: the last such one if its lobby was left without entering, so that none pile up."""
    left = Meeting.objects.filter(host=host, title=title, status=Meeting.Status.SCHEDULED, planned_at=None)
    return left.filter(participants=None).first() or create_meeting(host, title, time_zone=time_zone)


def terms_of_last_meeting(host_id: int | None) -> str:
    """Names and terms that the host listed the last time."""
    return Meeting.objects.filter(host=host_id).order_by("-created_at").values_list("terms", flat=True).first() or ""


def create_meeting_once(host: User, key: str, **fields: str) -> Meeting:
    """The same key of the same host gives the same meeting, as it is by now; raises idempotency.KeyUsed."""
    with transaction.atomic():
        meeting_id = idempotency.id_for(host, KEYED, key, fields)
        meeting, _ = Meeting.objects.get_or_create(pk=meeting_id, defaults={"host": host, **fields})
    return meeting


def change_meeting(meeting: Meeting, **fields: str) -> Meeting:
    for name, value in fields.items():
        setattr(meeting, name, value)
    meeting.save(update_fields=list(fields))
    return meeting


def join(
    meeting: Meeting,
    *,
    user: User | AnonymousUser,
    session: MutableMapping[str, Any],
    display_name: str,
    audio_agreed: bool | None = None,
) -> Participant:
    """Make the person a participant, or find who they are already; raises JoinRefused.

    Whoever joins has consented to being transcribed; `audio_agreed` says whether to their audio being kept, too, and is
    None where they were not asked. Where there is a waiting room, newcomers wait for a host.
    """
    with transaction.atomic():
        locked = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if known := seat_of(locked, user, session):
            return _back(known, audio_agreed)
        if not locked.takes_audio:
            raise MeetingOver
        if locked.locked and locked.host_id != user.pk:
            raise MeetingLocked
        participant = _new_participant(locked, user, display_name)
        _answer(participant, audio_agreed)
    if not user.is_authenticated:
        session[SESSION_KEY] = {**session.get(SESSION_KEY, {}), str(meeting.pk): str(participant.pk)}
    if participant.admission == Participant.Admission.WAITING:
        transaction.on_commit(partial(fanout.announce_waiting, meeting.pk))
    return participant


def _back(seat: Participant, audio_agreed: bool | None) -> Participant:
    if seat.admission == Participant.Admission.REMOVED:
        raise Removed
    if seat.consented_at is None:
        seat.consented_at = timezone.now()
        seat.save(update_fields=["consented_at"])
    _answer(seat, audio_agreed)
    return seat


def _answer(seat: Participant, audio_agreed: bool | None) -> None:
    if audio_agreed is not None:
        keeping.agree(seat.pk, audio_agreed)


def _new_participant(meeting: Meeting, user: User | AnonymousUser, display_name: str) -> Participant:
    account = user if isinstance(user, User) else None
    role = Participant.Role.GUEST
    if account is not None:
        role = Participant.Role.HOST if account.pk == meeting.host_id else Participant.Role.MEMBER
    return Participant.objects.create(
        meeting=meeting,
        user=account,
        display_name=display_name or str(account or ""),
        role=role,
        admission=_admission(meeting, role),
        consented_at=timezone.now(),
        color=meeting.participants.count(),
    )


def _admission(meeting: Meeting, role: str) -> str:
    waits = meeting.waiting_room and role != Participant.Role.HOST
    return Participant.Admission.WAITING if waits else Participant.Admission.ADMITTED


def start_meeting(meeting: Meeting) -> None:
    """Make a scheduled meeting live; a second start changes nothing."""
    waiting = Meeting.objects.filter(pk=meeting.pk, status=Meeting.Status.SCHEDULED)
    with transaction.atomic():
        if waiting.update(status=Meeting.Status.LIVE, started_at=timezone.now()):
            events.meeting_event("meeting.started", meeting.pk)


def end_meeting(meeting: Meeting, at: datetime | None = None) -> None:
    """End for all: no more audio is taken, the last words are still recognised. `at`: when it was over, unless now."""
    running = Meeting.objects.filter(pk=meeting.pk, status__in=[Meeting.Status.SCHEDULED, Meeting.Status.LIVE])
    with transaction.atomic():
        if not running.update(status=Meeting.Status.FINISHING, ended_at=at or timezone.now()):
            return
        events.meeting_event("meeting.ended", meeting.pk)
        transaction.on_commit(partial(announce_end, meeting.pk))


def announce_end(meeting_id: UUID) -> None:
    """Have pages and microphones stop; said again while the meeting finishes, for those who were not reached."""
    try:
        fanout.announce(meeting_id, MeetingEnded(complete=False))
    except (RedisError, OSError) as error:
        logger.warning("end of meeting %s not announced (%s)", meeting_id, type(error).__name__)


def complete_meeting(meeting: Meeting) -> None:
    """All that was said is stored; a second call changes nothing. Raises RedisError where nobody could be told."""
    finishing = Meeting.objects.filter(pk=meeting.pk, status=Meeting.Status.FINISHING)
    with transaction.atomic():
        if not finishing.update(status=Meeting.Status.ENDED):
            return
        events.meeting_event("transcript.ready", meeting.pk)
        fanout.announce(meeting.pk, MeetingEnded(complete=True))  # before the commit: whoever tries again says it again


def meetings_of(user: User, words: str = "") -> list[Meeting]:
    """The meetings a person hosts or took part in, newest first; those in which every one of `words` occurs.

    A word is looked for in the title, the agenda and the names of who took part.
    """
    seats = Participant.objects.filter(user=user).exclude(admission=Participant.Admission.REMOVED)
    mine = Meeting.objects.filter(Q(host=user) | Q(pk__in=seats.values("meeting")))
    for word in words.split()[:MAX_WORDS]:
        named = Participant.objects.filter(display_name__icontains=word).values("meeting")
        mine = mine.filter(Q(title__icontains=word) | Q(agenda__icontains=word) | Q(pk__in=named))
    return list(mine.order_by("-created_at")[:MAX_LISTED])


def meetings_with(user: User) -> QuerySet[Meeting]:
    """Those a person hosts or took part in; not those they still wait for or were removed from."""
    seats = Participant.objects.filter(user=user, admission=Participant.Admission.ADMITTED)
    return Meeting.objects.filter(Q(host=user) | Q(pk__in=seats.values("meeting")))
