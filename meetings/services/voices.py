"""Voices that are known because their people agreed to it, and which of them the speakers of a recording sound like.

That is suggested to who names the speakers, and never stored as who spoke.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from meetings.models import AudioStream, KnownVoice, Meeting, Participant, User
from meetings.services import kept_audio
from meetings.services.speakers import Diarization
from transcription.captions import SAMPLE_RATE

ALIKE = 0.6  # cosine of two voices, from here on: docs/decisions/0031-known-voices.md
ENOUGH = 120 * SAMPLE_RATE  # samples that are listened to
LEAST_MS = 20_000  # of speech
MOSTLY = 0.8  # of the speech at a microphone is its owner's
AGAIN = timedelta(days=1)  # after a try that learned nothing


# ── The agreement ───────────────────────────────────────────────────────────────────────────────────────────────────


def agree(user: User, agreed: bool) -> None:
    """The person's own word; with its withdrawal everything that was made of their voice goes."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        person.voice_agreed_at = (person.voice_agreed_at or timezone.now()) if agreed else None
        person.save(update_fields=["voice_agreed_at"])
        if not agreed:
            KnownVoice.objects.filter(user=person).delete()
            Participant.objects.filter(sounds_like=person).update(sounds_like=None)


def is_known(user: User) -> bool:
    return KnownVoice.objects.filter(user=user).exclude(vector=[]).exists()


# ── Learning ────────────────────────────────────────────────────────────────────────────────────────────────────────


def waiting() -> list[UUID]:
    """Participants who agreed and are not known yet, each in the meeting of which most of them is kept."""
    untried = Q(user__known_voice=None)
    again = Q(user__known_voice__vector=[], user__known_voice__tried_at__lt=timezone.now() - AGAIN)
    people = Participant.objects.filter(untried | again, user__voice_agreed_at__isnull=False, audio_agreed=True)
    own = people.filter(meeting__status=Meeting.Status.ENDED).exclude(streams__shared=True)
    kept = own.annotate(samples=Sum("streams__kept_pieces__samples")).filter(samples__gt=0).order_by("samples")
    return list(dict(kept.values_list("user", "pk")).values())  # the last of each


def take(participant_id: UUID) -> bool:
    """Whether their voice is the caller's to learn: they agree to it, and nobody does or tried of late."""
    with transaction.atomic():
        agreeing = User.objects.select_for_update(of=("self",)).filter(voice_agreed_at__isnull=False)
        user = agreeing.filter(participations=participant_id).first()
        known = KnownVoice.objects.filter(user=user).first() if user else None
        if user is None or (known and (known.vector or known.tried_at > timezone.now() - AGAIN)):
            return False
        begun = {"participant_id": participant_id, "tried_at": timezone.now()}
        KnownVoice.objects.update_or_create(user=user, defaults=begun)
    return True


def samples(participant_id: UUID) -> Iterator[bytes]:
    """The first minutes that are kept of them, PCM16 at 16 kHz. Raises KeptAudioMissing."""
    left = ENOUGH
    for stream in AudioStream.objects.filter(participant=participant_id).order_by("offset_ms"):
        for _, run in kept_audio.read(stream):
            yield run[:left].astype("<i2").tobytes()
            left -= len(run[:left])
            if not left:
                return


def learn(participant_id: UUID, said: Diarization) -> None:
    """Keep the voice that is heard most, if it is one person's microphone and they agree still."""
    spoken: Counter[int] = Counter()
    for turn in said.turns:
        spoken[turn.speaker] += turn.end_ms - turn.start_ms
    ((speaker, length_ms),) = spoken.most_common(1) or [(0, 0)]
    if length_ms < max(LEAST_MS, MOSTLY * spoken.total()) or speaker >= len(said.voices):
        return
    begun = KnownVoice.objects.filter(participant=participant_id)  # none any more where they took it back
    begun.update(vector=list(said.voices[speaker]), model=said.model)


# ── Suggesting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def suggest(people: Sequence[Participant], said: Diarization) -> None:
    """Note who each speaker of a diarization sounds like, among those who agreed and have met the meeting's host."""
    if not people or not said.voices:
        return
    met = KnownVoice.objects.filter(user__participations__meeting__participants__user=people[0].meeting.host_id)
    known = list(met.filter(model=said.model).exclude(vector=[]).distinct())
    if not known:
        return
    cosines = np.array(said.voices) @ np.array([voice.vector for voice in known]).T
    for _ in range(min(cosines.shape)):  # the surest first: nobody is two speakers
        speaker, one = np.unravel_index(cosines.argmax(), cosines.shape)
        if cosines[speaker, one] < ALIKE:
            return
        Participant.objects.filter(pk=people[speaker].pk).update(sounds_like=known[one].user_id)
        cosines[speaker, :] = cosines[:, one] = -1
