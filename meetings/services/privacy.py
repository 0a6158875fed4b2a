"""Forgetting: one person of a meeting, or a meeting with everything that belongs to it."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from meetings.models import (
    AudioStream,
    Document,
    KeptPiece,
    Mark,
    Meeting,
    Minutes,
    Participant,
    Proposal,
    Recording,
    ReviewStep,
    Segment,
    SegmentRevision,
)
from meetings.redis import audio_bus, with_redis
from meetings.services import documents, events, keeping, kept_audio, proposals, recordings
from meetings.services.uploads import path_of


def anonymise(participant: Participant) -> None:
    """Nothing of the person but what they said stays: no name, account or audio. Names within the text stay.

    A voice is not cut out of what others say: all audio goes of every microphone and upload that has lines of theirs.
    """
    with transaction.atomic():
        _erase_voice(participant)
        meeting = Meeting.objects.select_for_update().get(pk=participant.meeting_id)
        number = meeting.participants.filter(color__lte=participant.color).count()
        name = _("Participant %(number)d") % {"number": number}
        _replace_in_results(meeting, _names(participant), name)
        Participant.objects.filter(pk=participant.pk).update(display_name=name, user=None, sounds_like=None)
        SegmentRevision.objects.filter(author=participant).update(author_name=name)
        ReviewStep.objects.filter(author=participant).update(author_name=name)
        ReviewStep.objects.filter(speaker=participant).update(what=name)
        keeping.agree(participant.pk, False)
    for recording in Recording.objects.filter(meeting=meeting).select_related("job"):
        recordings.cancel(recording)
    documents.delete(meeting.documents.all())


def _erase_voice(participant: Participant) -> None:
    """What is kept, and what a transcriber has in hand and is yet to keep."""
    lines = Segment.objects.filter(participant=participant)
    heard_in = AudioStream.objects.filter(Q(participant=participant) | Q(pk__in=lines.values("stream")))
    stream_ids = list(heard_in.values_list("pk", flat=True))
    AudioStream.objects.filter(pk__in=stream_ids).update(erased=True)  # locked before the meeting, as by whoever stores
    kept_audio.forget(KeptPiece.objects.filter(stream__in=stream_ids))


def _names(participant: Participant) -> set[str]:
    """What the person was called here: now, before they were renamed, and by their account."""
    renamings = ReviewStep.objects.filter(speaker=participant).values_list("what", flat=True)
    before = {name for renaming in renamings for name in renaming.split(" → ")}
    return {participant.display_name, *before, *([str(participant.user)] if participant.user else [])}


def _replace_in_results(meeting: Meeting, names: set[str], name: str) -> None:
    """Where a field is nothing but somebody's name: who led, approved, or has something to do."""
    Mark.objects.filter(meeting=meeting, owner__in=names).update(owner=name)
    for minutes in Minutes.objects.filter(meeting=meeting):
        minutes.chair = name if minutes.chair in names else minutes.chair
        minutes.approved_by = name if minutes.approved_by in names else minutes.approved_by
        minutes.actions = _owned(minutes.actions, names, name)
        minutes.revision += 1  # a page that is open does not bring the name back
        minutes.save()
    proposals.cancel(meeting)
    for proposal in Proposal.objects.filter(meeting=meeting):
        proposal.findings = _owned(proposal.findings, names, name)
        proposal.save(update_fields=["findings"])


def _owned(entries: list[dict[str, Any]], names: set[str], name: str) -> list[dict[str, Any]]:
    return [entry | {"owner": name} if entry.get("owner") in names else entry for entry in entries]


def delete_meetings(meetings: Iterable[Meeting]) -> None:
    """Rows, the search index that is kept of them, uploads, documents, and audio that still waits for a transcriber."""
    ids = [meeting.pk for meeting in meetings]
    streams = AudioStream.objects.filter(participant__meeting__in=ids)
    stream_ids = [str(pk) for pk in streams.values_list("pk", flat=True)]
    uploaded = list(Recording.objects.filter(meeting__in=ids))
    for recording in uploaded:
        path_of(recording).unlink(missing_ok=True)
    kept = list(KeptPiece.objects.filter(stream__in=streams).values_list("file", flat=True))
    documents.delete(Document.objects.filter(meeting__in=ids))
    events.forget([*ids, *(recording.pk for recording in uploaded)])
    Meeting.objects.filter(pk__in=ids).delete()
    kept_audio.drop_files(kept)
    with_redis(lambda: _discard(stream_ids))


async def _discard(stream_ids: list[str]) -> None:
    for stream_id in stream_ids:
        await audio_bus().discard(stream_id)
