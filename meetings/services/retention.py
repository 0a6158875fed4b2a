"""How long audio and meetings are kept, counted from the meeting's end, and the sweeping of what was left behind."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from meetings.models import KeptPiece, Meeting
from meetings.models.keeping import kept_storage
from meetings.services import audit_log, kept_audio, privacy

logger = logging.getLogger(__name__)

YOUNG = timedelta(hours=1)  # a file whose row may still be on its way


def audio_days_of(meeting: Meeting) -> int | None:
    """After how many days a meeting's audio is deleted: what is usual here, or less; None keeps it with the meeting."""
    limits = [days for days in (settings.ENVIRONMENT.audio_days, meeting.audio_days) if days]
    return min(limits, default=None)


def expire_audio() -> int:
    """Delete the audio of meetings that ended long enough ago; returns of how many.

    A meeting that nobody ended counts from its last piece.
    """
    last_piece = Max("participants__streams__kept_pieces__created_at")
    kept = Meeting.objects.filter(participants__streams__kept_pieces__isnull=False)
    ended = kept.annotate(over_at=Coalesce("ended_at", last_piece))
    expired = [meeting for meeting in ended if _is_over(meeting.over_at, audio_days_of(meeting))]
    for meeting in expired:
        kept_audio.forget(KeptPiece.objects.filter(stream__participant__meeting=meeting))
        audit_log.record_by_itself(meeting.pk)
    return len(expired)


def expire_meetings() -> int:
    """Delete whole meetings that ended long enough ago, where that is wanted; returns how many."""
    days = settings.ENVIRONMENT.meeting_days
    if not days:
        return 0
    expired = list(Meeting.objects.filter(ended_at__lt=timezone.now() - timedelta(days=days)))
    privacy.delete_meetings(expired)
    for meeting in expired:
        audit_log.record_by_itself(meeting.pk)
    return len(expired)


def _is_over(since: datetime, days: int | None) -> bool:
    return days is not None and since + timedelta(days=days) < timezone.now()


# ── Left behind ─────────────────────────────────────────────────────────────────────────────────────────────────────


def sweep() -> tuple[int, int]:
    """Delete files without a row and rows without a file; returns how many of each."""
    storage = kept_storage()
    meetings, _ = _listed("")
    if not meetings and KeptPiece.objects.exists():
        logger.error("the storage of kept audio is empty, and should not be: nothing is swept")
        return 0, 0
    found = {name for meeting in meetings for name in _files_of(meeting)}
    known = set(KeptPiece.objects.values_list("file", flat=True))
    orphans = [name for name in found - known if storage.get_modified_time(name) < timezone.now() - YOUNG]
    kept_audio.drop_files(orphans)
    lost = KeptPiece.objects.filter(file__in=[name for name in known - found if not storage.exists(name)])
    for name in lost.values_list("file", flat=True):
        logger.error("kept audio %s is gone from the storage", name)
    return len(orphans), kept_audio.forget(lost)


def _files_of(meeting: str) -> list[str]:
    folders = [f"{meeting}/{stream}" for stream in _listed(meeting)[0]]
    return [f"{folder}/{name}" for folder in folders for name in _listed(folder)[1]]


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """Folders and files; object storages know no folders, and none is missing there."""
    try:
        return kept_storage().listdir(folder)
    except FileNotFoundError:
        return [], []
