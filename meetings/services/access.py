"""Who may enter a room and read its transcript."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser

from meetings.models import Meeting, Participant, User

SESSION_KEY = "participants"  # of a guest: {meeting id: participant id}


def participant_of(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> Participant | None:
    """The participant that a signed-in user, or a guest's session, is in this meeting."""
    if user.is_authenticated:
        return meeting.participants.filter(user=user).first()
    participant_id = session.get(SESSION_KEY, {}).get(str(meeting.pk))
    return meeting.participants.filter(pk=participant_id, user=None).first() if participant_id else None


def may_read(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> bool:
    """Participants, the host and administrators read the transcript."""
    if user.is_authenticated and (meeting.host_id == user.pk or user.has_perm("meetings.view_meeting")):
        return True
    return participant_of(meeting, user, session) is not None


def may_end(meeting: Meeting, user: User | AnonymousUser, session: Mapping[str, Any]) -> bool:
    """The host ends a meeting, also one they have not entered."""
    if user.is_authenticated and meeting.host_id == user.pk:
        return True
    participant = participant_of(meeting, user, session)
    return participant is not None and participant.is_host
