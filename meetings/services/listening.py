"""The kept audio of a meeting as one WAV file that is never written: any stretch of it is mixed when it is asked for.

16 kHz mono, so byte, sample and meeting time say the same: a player seeks to the very word.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from meetings.models import AudioStream, Meeting, Participant
from meetings.services import kept_audio
from transcription.captions import SAMPLE_RATE

HEADER_BYTES = 44
MAX_BYTES = 512 * 1024  # of one answer, 16 s: players ask again
SAMPLES_PER_MS = SAMPLE_RATE // 1_000


@dataclass(frozen=True, slots=True)
class Sound:
    """What can be heard of a meeting, from its start to its end: everybody's voices, or one participant's."""

    streams: Sequence[AudioStream]
    samples: int

    @property
    def size(self) -> int:
        """In bytes, with the header."""
        return HEADER_BYTES + 2 * self.samples

    def part(self, start: int, end: int) -> bytes:
        """Bytes [start, end) of the file; raises KeptAudioMissing."""
        begin, until = max(0, start - HEADER_BYTES) // 2, -(-max(0, end - HEADER_BYTES) // 2)
        pcm = self._mixed(begin, until).astype("<i2").tobytes() if until > begin else b""
        head = self._header()[start : min(end, HEADER_BYTES)]
        skipped = max(0, start - HEADER_BYTES) - 2 * begin
        return head + pcm[skipped : skipped + end - start - len(head)]

    def _header(self) -> bytes:
        size = 2 * self.samples
        layout = "<4sI4s4sIHHIIHH4sI"
        return struct.pack(
            layout, b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16, b"data", size
        )

    def _mixed(self, start: int, end: int) -> NDArray[np.int16]:
        """The sum of all voices, which clips where several shout at once."""
        mixed = np.zeros(end - start, np.int32)
        for stream in self.streams:
            offset = stream.offset_ms * SAMPLES_PER_MS
            for first, samples in kept_audio.read(stream, start - offset, end - offset):
                at = first + offset - start
                cut = samples[max(0, -at) : max(0, end - start - at)]
                mixed[max(0, at) : max(0, at) + len(cut)] += cut
        return np.clip(mixed, -32_768, 32_767).astype(np.int16)


def sound_of(meeting: Meeting, participant_id: UUID | None = None) -> Sound | None:
    """Of everybody whose audio was kept, or of one participant; None when nothing was, or the meeting goes on."""
    if meeting.takes_audio:
        return None
    streams = AudioStream.objects.filter(participant__meeting=meeting, kept_until__gt=0, kept_pieces__isnull=False)
    if participant_id is not None:
        streams = streams.filter(participant=participant_id)
    found = list(streams.distinct())
    if not found:
        return None
    return Sound(found, duration_ms(meeting) * SAMPLES_PER_MS)


def duration_ms(meeting: Meeting) -> int:
    """From the meeting's start to its end, or until now."""
    return meeting.offset_ms(meeting.ended_at or timezone.now())


def kept_people(meeting: Meeting) -> list[Participant]:
    """Whose audio can be heard."""
    if meeting.takes_audio:
        return []
    return list(meeting.participants.filter(streams__kept_pieces__isnull=False).distinct())
