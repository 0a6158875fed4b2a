"""What programs read and change stands in the audit log, as what people do does."""

from uuid import UUID

from meetings.api.auth import ApiRequest
from meetings.services import audit_log

BY = "program"


def note_reading(request: ApiRequest, meeting_id: UUID) -> None:
    """Once for as long as it goes on: a program that follows a meeting asks every second."""
    audit_log.record_once(audit_log.Action.READ, meeting_id, request.auth.user, BY)


def note_change(request: ApiRequest, meeting_id: UUID) -> None:
    audit_log.record(audit_log.Action.CHANGED, meeting_id, request.auth.user, BY)


def note_export(request: ApiRequest, meeting_id: UUID) -> None:
    audit_log.record(audit_log.Action.EXPORTED, meeting_id, request.auth.user, BY)
