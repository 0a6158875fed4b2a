"""A microphone that several people shared: after the meeting its lines go to each of them, by the audio kept of it."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from meetings.models import AudioStream, KeptPiece, Meeting, Participant
from meetings.services import kept_audio, speakers
from meetings.services.corrections import CorrectionRefused
from meetings.services.speakers import Diarization
from transcription.diarization.turns import Turn

MAX_AT_ONCE = 20  # microphones that wait for a worker
SAMPLES_PER_MS = 16
SILENCE = 16_000  # samples of a gap that are written at once
NOT_YET = {"extra", "models", "disk"}  # reasons that somebody may mend


def waiting() -> list[UUID]:
    """Participants of ended meetings who shared a microphone, whose audio was kept and is not told apart yet.

    An approved transcript is left as it is, until somebody opens it again.
    """
    kept = KeptPiece.objects.filter(stream__participant=OuterRef("pk"))
    shared = AudioStream.objects.filter(participant=OuterRef("pk"), shared=True, diarized_at=None)
    rooms = Participant.objects.filter(Exists(kept), Exists(shared), meeting__status=Meeting.Status.ENDED)
    return list(rooms.exclude(meeting__review=Meeting.Review.APPROVED).values_list("pk", flat=True)[:MAX_AT_ONCE])


def is_waiting(room_id: UUID) -> bool:
    return _streams(room_id).filter(diarized_at=None).exists()


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
    if said.unable in NOT_YET:
        return
    with suppress(CorrectionRefused), transaction.atomic():
        streams = list(_streams(room_id).filter(diarized_at=None).select_for_update(of=("self",)))
        if not streams:
            return
        begins = _begins_ms(room_id)
        turns = [Turn(turn.start_ms + begins, turn.end_ms + begins, turn.speaker) for turn in said.turns]
        speakers.assign(streams, turns, within=True)
        AudioStream.objects.filter(pk__in=[stream.pk for stream in streams]).update(diarized_at=timezone.now())


def _streams(room_id: UUID) -> QuerySet[AudioStream]:
    shared = AudioStream.objects.filter(participant=room_id, shared=True)
    return shared.select_related("participant").order_by("offset_ms")


def _begins_ms(room_id: UUID) -> int:
    first = _streams(room_id).values_list("offset_ms", flat=True).first()
    return first or 0
