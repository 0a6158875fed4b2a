"""Audio that is kept beyond its transcription: from when to when somebody's may be, and the pieces of it."""

from typing import ClassVar

from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.speaking import AudioStream, Participant


def kept_storage() -> Storage:
    """Where the pieces lie: a folder, or whatever AUDIO_STORAGE names."""
    return storages["kept_audio"]


class KeptSpan(models.Model):
    """A stretch of time in which a participant's audio is kept: the host had it on, and they had agreed."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="kept_spans")
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)  # empty while it goes on

    class Meta:
        ordering: ClassVar = ["started_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participant"], condition=models.Q(ended_at=None), name="kept_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} {self.started_at:%H:%M:%S}"


class KeptPiece(models.Model):
    """Samples [first_sample, first_sample + samples) of a stream at its own rate, as a FLAC file."""

    stream = models.ForeignKey(AudioStream, on_delete=models.CASCADE, related_name="kept_pieces")
    first_sample = models.PositiveBigIntegerField()
    samples = models.PositiveIntegerField()
    file = models.FileField(storage=kept_storage, max_length=200)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    created_at = models.DateTimeField(_("stored"), auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["first_sample"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stream", "first_sample"], name="one_piece_per_stream_and_start"),
        ]

    def __str__(self) -> str:
        return f"{self.stream_id} {self.first_sample}"

    @property
    def end_sample(self) -> int:
        return self.first_sample + self.samples
