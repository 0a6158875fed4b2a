"""A voice that several microphones hear is shown once: the quieter copies are hidden as the lines are stored.

The sound of the last lines waits in Redis for half a minute or two: the other microphone may be another transcriber's.
"""

from functools import partial as bind
from uuid import UUID

from django.utils.translation import gettext as _

from meetings.database import in_database
from meetings.models import Meeting, Segment, SegmentRevision
from meetings.redis import redis_client
from meetings.services.corrections import Author, CorrectionRefused, changing
from transcription.bleed import MAX_LAG_MS, Heard, copies_among

KEPT_SECONDS = 120  # finals of the same words come within seconds of each other, also when decoding is late
LONGEST_MS = 60_000  # a line that began earlier is over
MAX_NEAR = 100


async def hide_copies(segment_id: int, sound: bytes) -> list[Segment]:
    """Compare a line just stored with those of other microphones; returns the lines hidden now, itself included.

    Raises RedisError and DatabaseError.
    """
    await redis_client().set(_key(segment_id), sound, ex=KEPT_SECONDS)
    near = await in_database(bind(_lines_near, segment_id))
    if len({line.stream_id for line in near}) < 2:
        return []
    sounds = await redis_client().mget([_key(line.pk) for line in near])
    heard = [_heard(line, sound) for line, sound in zip(near, sounds, strict=True) if sound]
    newest = next((line for line in heard if line.key == segment_id), None)
    copies = copies_among(newest, heard) if newest else {}
    return await in_database(bind(_hide, near[0].meeting_id, copies)) if copies else []


def _key(segment_id: int) -> str:
    return f"sound:{segment_id}"


def _heard(line: Segment, sound: bytes) -> Heard:
    return Heard(line.pk, str(line.stream_id), line.start_ms, line.end_ms, sound)


def _lines_near(segment_id: int) -> list[Segment]:
    """Lines around the time of this one, itself included."""
    newest = Segment.objects.get(pk=segment_id)
    shown = Segment.objects.filter(meeting_id=newest.meeting_id, kind=Segment.Kind.SPEECH, duplicate_of=None)
    near = shown.filter(
        start_ms__lt=newest.end_ms + MAX_LAG_MS,
        start_ms__gt=newest.start_ms - LONGEST_MS,
        end_ms__gt=newest.start_ms - LONGEST_MS // 2,
    )
    return list(near.only("pk", "stream_id", "meeting_id", "start_ms", "end_ms").order_by("-sequence")[:MAX_NEAR])


def _hide(meeting_id: UUID, copies: dict[int, int]) -> list[Segment]:
    """As a change that the lines' history shows and that can be undone; nothing in an approved transcript."""
    author = Author(_("Sound comparison"))
    try:
        with changing(Meeting(pk=meeting_id), author, SegmentRevision.What.HIDDEN) as changes:
            lines = Segment.objects.select_related("participant").filter(pk__in=copies, duplicate_of=None)
            for line in lines:
                changes.change(line, hidden=True, duplicate_of_id=copies[line.pk])
    except CorrectionRefused:
        return []
    return changes.lines
