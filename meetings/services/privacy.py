"""Forgetting: one person of a meeting, or a meeting with everything that belongs to it."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from meetings.models import (
    AudioStream,
    Document,
    KeptPiece,
    Meeting,
    Participant,
    Recording,
    ReviewStep,
    SegmentRevision,
)
from meetings.redis import audio_bus, with_redis
from meetings.services import documents, events, keeping, kept_audio
from meetings.services.uploads import path_of


def anonymise(participant: Participant) -> None:
    """Nothing of the person but what they said stays: no name, account or audio. Names within the text stay."""
    with transaction.atomic():
        number = participant.meeting.participants.filter(color__lte=participant.color).count()
        name = _("Participant %(number)d") % {"number": number}
        Participant.objects.filter(pk=participant.pk).update(display_name=name, user=None)
        SegmentRevision.objects.filter(author=participant).update(author_name=name)
        ReviewStep.objects.filter(author=participant).update(author_name=name)
        ReviewStep.objects.filter(speaker=participant).update(what=name)
        keeping.agree(participant.pk, False)
        kept_audio.forget(KeptPiece.objects.filter(stream__participant=participant))
    documents.delete(participant.meeting.documents.all())


def delete_meetings(meetings: Iterable[Meeting]) -> None:
    """Rows, the search index that is kept of them, uploads, documents, and audio that still waits for a transcriber."""
    ids = [meeting.pk for meeting in meetings]
    streams = AudioStream.objects.filter(participant__meeting__in=ids)
    stream_ids = [str(pk) for pk in streams.values_list("pk", flat=True)]
    recordings = list(Recording.objects.filter(meeting__in=ids))
    for recording in recordings:
        path_of(recording).unlink(missing_ok=True)
    kept = list(KeptPiece.objects.filter(stream__in=streams).values_list("file", flat=True))
    documents.delete(Document.objects.filter(meeting__in=ids))
    events.forget([*ids, *(recording.pk for recording in recordings)])
    Meeting.objects.filter(pk__in=ids).delete()
    kept_audio.drop_files(kept)
    with_redis(lambda: _discard(stream_ids))


async def _discard(stream_ids: list[str]) -> None:
    for stream_id in stream_ids:
        await audio_bus().discard(stream_id)
