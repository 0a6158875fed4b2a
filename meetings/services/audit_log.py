"""Who read, exported, changed or deleted which meeting: written as it happens, read by administrators."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from meetings.models import AuditEntry, User

Action = AuditEntry.Action
LISTENING = timedelta(minutes=10)


def record(action: Action, meeting_id: UUID | None, user: User | AnonymousUser, by: str = "") -> None:
    """Note it; who has no account is noted as a guest, unless `by` says how else they came."""
    account = user if isinstance(user, User) else None
    AuditEntry.objects.create(
        action=action, meeting_id=meeting_id, user=account, by=by or ("account" if account else "guest")
    )


def record_listening(meeting_id: UUID, user: User | AnonymousUser) -> None:
    """Note it once for as long as somebody goes on listening: a player asks for a few seconds at a time."""
    account = user if isinstance(user, User) else None
    since = timezone.now() - LISTENING
    known = AuditEntry.objects.filter(action=Action.LISTENED, meeting_id=meeting_id, user=account, created_at__gt=since)
    if not known.exists():
        record(Action.LISTENED, meeting_id, user)


def record_by_itself(meeting_id: UUID) -> None:
    """What was to be kept for so long was deleted, and nobody did it."""
    AuditEntry.objects.create(action=Action.DELETED, meeting_id=meeting_id, by="retention")
