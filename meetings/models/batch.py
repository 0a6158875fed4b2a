"""Recordings that programs gave to be transcribed."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from meetings.models.recordings import Recording


class Batch(models.Model):
    """What makes a recording a program's job: when its result is forgotten."""

    recording = models.OneToOneField(Recording, primary_key=True, on_delete=models.CASCADE, related_name="batch")
    expires_at = models.DateTimeField(_("forgotten"), db_index=True)

    class Meta:
        ordering: ClassVar = ["-recording__created_at"]
        verbose_name_plural = _("batches")

    def __str__(self) -> str:
        return f"{self.recording} until {self.expires_at:%Y-%m-%d}"
