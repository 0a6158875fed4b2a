"""Who read, exported, changed or deleted which meeting: written as it happens, read by administrators."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from meetings.models import AuditEntry, User

Action = AuditEntry.Action


def record(action: Action, meeting_id: UUID | None, user: User | AnonymousUser, by: str = "") -> None:
    """Note it; who has no account is noted as a guest, unless `by` says how else they came."""
    account = user if isinstance(user, User) else None
    AuditEntry.objects.create(
        action=action, meeting_id=meeting_id, user=account, by=by or ("account" if account else "guest")
    )
