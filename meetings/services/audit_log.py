"""Who read, exported, changed or deleted which meeting: written as it happens, read by administrators."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from meetings.models import AuditEntry, User

Action = AuditEntry.Action
STILL_AT_IT = timedelta(minutes=10)


def record(action: Action, meeting_id: UUID | None, user: User | AnonymousUser, by: str = "") -> None:
    """Note it; who has no account is noted as a guest, unless `by` says how else they came."""
    account = user if isinstance(user, User) else None
    AuditEntry.objects.create(
        action=action, meeting_id=meeting_id, user=account, by=by or ("account" if account else "guest")
    )


def record_once(action: Action, meeting_id: UUID, user: User | AnonymousUser, by: str = "") -> None:
    """Note what goes on for a while once in ten minutes: a player asks for a few seconds of sound at a time."""
    account = user if isinstance(user, User) else None
    since = timezone.now() - STILL_AT_IT
    known = AuditEntry.objects.filter(action=action, meeting_id=meeting_id, user=account, created_at__gt=since)
    if not (known.filter(by=by) if by else known).exists():
        record(action, meeting_id, user, by)


def record_by_itself(meeting_id: UUID) -> None:
    """What was to be kept for so long was deleted, and nobody did it."""
    AuditEntry.objects.create(action=Action.DELETED, meeting_id=meeting_id, by="retention")
