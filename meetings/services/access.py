"""Who may enter a room and read its transcript."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from meetings.models import Meeting, Participant, Segment, User

SESSION_KEY = "participants"  # of a guest: {meeting id: participant id}


def participant_of(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> Participant | None:
    """The participant that a signed-in user, or a guest's session, is in this meeting, if they are admitted."""
    seat = seat_of(meeting, user, session)
    return seat if seat is not None and seat.admission == Participant.Admission.ADMITTED else None


def seat_of(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> Participant | None:
    """Who the person is in this meeting, whether admitted, waiting or removed."""
    if user.is_authenticated:
        return meeting.participants.filter(user=user).first()
    participant_id = session.get(SESSION_KEY, {}).get(str(meeting.pk))
    return meeting.participants.filter(pk=participant_id, user=None).first() if participant_id else None


def participant_by_session(code: str, session_key: str | None) -> Participant | None:
    """The participant with their meeting that the session of a cookie is in a meeting."""
    meeting = Meeting.objects.filter(code=code).first()
    request = _request(session_key)
    participant = participant_of(meeting, get_user(request), request.session) if meeting else None
    if meeting is not None and participant is not None:
        participant.meeting = meeting
    return participant


def admission_by_session(code: str, session_key: str | None) -> str | None:
    """Whether the session of a cookie is admitted to a meeting, waits or was removed; None for a stranger."""
    meeting = Meeting.objects.filter(code=code).first()
    request = _request(session_key)
    seat = seat_of(meeting, get_user(request), request.session) if meeting else None
    return seat.admission if seat else None


def still_admitted(participant: Participant, session_key: str | None) -> bool | None:
    """Whether the session, as the store has it now, still is this participant; None when nobody is signed in by it."""
    request = _request(session_key)
    if not request.session.exists(session_key or ""):
        return None
    user = get_user(request)
    if participant.user_id is not None and not user.is_authenticated:
        return None
    return participant_of(participant.meeting, user, request.session) == participant


def _request(session_key: str | None) -> HttpRequest:
    """What Django asks who is signed in; the session is read from the store when it is needed."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return request


def may_read(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> bool:
    """Participants, the host and administrators read the transcript; everybody with an account if the host says so."""
    if user.is_authenticated and (
        meeting.visibility == Meeting.Visibility.ORGANISATION
        or meeting.host_id == user.pk
        or user.has_perm("meetings.view_meeting")
    ):
        return True
    return participant_of(meeting, user, session) is not None


def readable_meetings(user: User) -> QuerySet[Meeting]:
    """All meetings that `may_read` says yes to, for a signed-in user."""
    if user.has_perm("meetings.view_meeting"):
        return Meeting.objects.all()
    seats = Participant.objects.filter(user=user, admission=Participant.Admission.ADMITTED).values("meeting")
    return Meeting.objects.filter(Q(host=user) | Q(pk__in=seats) | Q(visibility=Meeting.Visibility.ORGANISATION))


def may_share(meeting: Meeting, user: User | AnonymousUser) -> bool:
    """The host, and who may change meetings, decide who else reads one."""
    return user.is_authenticated and (meeting.host_id == user.pk or user.has_perm("meetings.change_meeting"))


def may_review(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> bool:
    """Hosts, reviewers and administrators correct and approve the transcript."""
    return may_end(meeting, user, session) or (user.is_authenticated and user.has_perm("meetings.change_segment"))


def may_end(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> bool:
    """The host ends a meeting, also one they have not entered."""
    if user.is_authenticated and meeting.host_id == user.pk:
        return True
    participant = participant_of(meeting, user, session)
    return participant is not None and participant.is_host


def overlay_key(meeting: Meeting) -> str:
    """What the address of the meeting's overlay must carry: streaming software has no session."""
    return salted_hmac("meetings.overlay", meeting.code, algorithm="sha256").hexdigest()[:40]


def meeting_by_overlay_key(code: str, key: str) -> Meeting | None:
    """The meeting whose captions the key opens, while it runs."""
    meeting = Meeting.objects.filter(code=code).first()
    if meeting is None or not meeting.takes_audio or not constant_time_compare(overlay_key(meeting), key):
        return None
    return meeting


def may_correct(segment: Segment, user: User) -> bool:
    """Hosts, administrators and who said it."""
    return user.pk in {segment.meeting.host_id, segment.participant.user_id} or user.has_perm("meetings.change_segment")


def may_write_minutes(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> bool:
    """Whoever may end the meeting, and administrators who may change it."""
    return may_end(meeting, user, session) or user.has_perm("meetings.change_meeting")
