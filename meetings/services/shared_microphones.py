"""A microphone that several people shared: after the meeting its lines go to each of them, by the audio kept of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from meetings.models import AudioStream, KeptPiece, Meeting, Participant
from meetings.services import kept_audio, speakers, voices
from meetings.services.corrections import CorrectionRefused
from meetings.services.recordings import UNTOLD
from meetings.services.speakers import Diarization
from transcription.diarization.turns import Turn

STALE = timedelta(seconds=60)  # without a sign of life another worker takes it over
MAX_ATTEMPTS = 3
MAX_AT_ONCE = 20  # microphones that wait for a worker
SAMPLES_PER_MS = 16
SILENCE = 16_000  # samples of a gap that are written at once
NOT_YET = {"extra", "models", "disk"}  # reasons that somebody may mend


class RoomGone(Exception):
    """The microphone is told apart, or deleted with its meeting."""


def waiting() -> list[UUID]:
    """Participants of ended meetings who shared a microphone, whose audio was kept and is not told apart yet.

    An approved transcript is left as it is, until somebody opens it again.
    """
    kept = KeptPiece.objects.filter(stream__participant=OuterRef("pk"))
    idle = Q(diarizing_at=None) | Q(diarizing_at__lt=timezone.now() - STALE)
    shared = AudioStream.objects.filter(idle, participant=OuterRef("pk"), shared=True, diarized_at=None)
    rooms = Participant.objects.filter(Exists(kept), Exists(shared), meeting__status=Meeting.Status.ENDED)
    return list(rooms.exclude(meeting__review=Meeting.Review.APPROVED).values_list("pk", flat=True)[:MAX_AT_ONCE])


def take(room_id: UUID) -> bool:
    """Whether it is the caller's to tell apart: not told yet, and nobody works on it, or who did died."""
    with transaction.atomic():
        streams = list(_untold(room_id).select_for_update(of=("self",)))
        alive = timezone.now() - STALE
        if not streams or any(stream.diarizing_at and stream.diarizing_at > alive for stream in streams):
            return False
        attempts = max(stream.diarizing_attempts for stream in streams)
        if attempts < MAX_ATTEMPTS:
            _untold(room_id).update(diarizing_at=timezone.now(), diarizing_attempts=attempts + 1)
            return True
    finish(room_id, Diarization(unable="crash"))
    return False


def note_alive(room_id: UUID) -> None:
    """A sign of life. Raises RoomGone."""
    if not _untold(room_id).update(diarizing_at=timezone.now()):
        raise RoomGone


def samples(room_id: UUID) -> Iterator[bytes]:
    """PCM16 at 16 kHz from where the first stream begins; silence where nothing was kept. Raises KeptAudioMissing."""
    position, begins_ms = 0, _begins_ms(room_id)
    for stream in _streams(room_id):
        begins = (stream.offset_ms - begins_ms) * SAMPLES_PER_MS
        for first, run in kept_audio.read(stream):
            start = begins + first
            while position < start:
                step = min(SILENCE, start - position)
                yield bytes(2 * step)
                position += step
            if position < start + len(run):
                yield run[position - start :].astype("<i2").tobytes()
                position = start + len(run)


def finish(room_id: UUID, said: Diarization) -> None:
    """Give the lines to "Room / Speaker 1" and so on; a second answer changes nothing, nor does one come too late."""
    _untold(room_id).update(untold=said.unable)
    if said.unable in NOT_YET:
        _untold(room_id).update(diarizing_at=None, diarizing_attempts=0)
        return
    with suppress(CorrectionRefused), transaction.atomic():
        streams = list(_untold(room_id).select_for_update(of=("self",)))
        if not streams:
            return
        begins = _begins_ms(room_id)
        turns = [Turn(turn.start_ms + begins, turn.end_ms + begins, turn.speaker) for turn in said.turns]
        voices.suggest(speakers.assign(streams, turns, within=True), said)
        AudioStream.objects.filter(pk__in=[stream.pk for stream in streams]).update(diarized_at=timezone.now())


@dataclass(frozen=True, slots=True)
class Room:
    """How the work on a shared microphone stands."""

    participant: Participant
    stage: Literal["running", "waiting", "failed", "over"]
    reason: str  # in the reader's language; empty where there is none


def rooms(most: int) -> list[Room]:
    """Shared microphones of ended meetings whose audio is kept, the newest meetings first."""
    kept = KeptPiece.objects.filter(stream__participant=OuterRef("pk"))
    shared = AudioStream.objects.filter(participant=OuterRef("pk"), shared=True)
    people = Participant.objects.filter(Exists(kept), Exists(shared), meeting__status=Meeting.Status.ENDED)
    newest = people.select_related("meeting__host").order_by("-meeting__ended_at", "pk")
    return [_room(person) for person in newest.prefetch_related("streams")[:most]]


def _room(person: Participant) -> Room:
    streams = [stream for stream in person.streams.all() if stream.shared]
    untold = next((stream.untold for stream in streams if stream.untold), "")
    reason = gettext(UNTOLD[untold]) if untold in UNTOLD else ""
    open_streams = [stream for stream in streams if stream.diarized_at is None]
    if not open_streams:
        return Room(person, "failed" if untold else "over", reason)
    alive = timezone.now() - STALE
    if any(stream.diarizing_at and stream.diarizing_at > alive for stream in open_streams):
        return Room(person, "running", "")
    if person.meeting.review == Meeting.Review.APPROVED:
        reason = gettext("The transcript is approved: its speakers are told apart when somebody opens it again.")
    return Room(person, "waiting", reason)


def retry(room_id: UUID) -> bool:
    """Have one that failed told apart again; False where none failed or its audio is gone."""
    if not KeptPiece.objects.filter(stream__participant=room_id).exists():
        return False
    failed = _streams(room_id).exclude(untold="").exclude(diarized_at=None)
    again = AudioStream.objects.filter(pk__in=list(failed.values_list("pk", flat=True)))
    return bool(again.update(diarized_at=None, diarizing_at=None, diarizing_attempts=0, untold=""))


def why_untold(meeting: Meeting) -> list[str]:
    """Of which shared microphones the speakers are not told apart, and why, in the reader's language."""
    streams = AudioStream.objects.filter(participant__meeting=meeting, shared=True).exclude(untold="")
    rooms = streams.order_by("participant__display_name").values_list("participant__display_name", "untold").distinct()
    return [f"{name}: {gettext(UNTOLD[reason])}" for name, reason in rooms if reason in UNTOLD]


def _untold(room_id: UUID) -> QuerySet[AudioStream]:
    return _streams(room_id).filter(diarized_at=None)


def _streams(room_id: UUID) -> QuerySet[AudioStream]:
    shared = AudioStream.objects.filter(participant=room_id, shared=True)
    return shared.select_related("participant").order_by("offset_ms")


def _begins_ms(room_id: UUID) -> int:
    first = _streams(room_id).values_list("offset_ms", flat=True).first()
    return first or 0
