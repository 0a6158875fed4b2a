"""The second pass: kept audio decoded once more, and what it would change."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.models.transcript import Segment


class SecondPass(models.Model):
    """The work on one meeting: where it is, how far, and why it stopped."""

    class Stage(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        LISTENING = "listening", _("Listening again")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    meeting = models.OneToOneField(Meeting, on_delete=models.CASCADE, related_name="second_pass")
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.WAITING)
    reason = models.CharField(_("reason"), max_length=500, blank=True)  # why it failed
    model = models.CharField(_("model"), max_length=200, blank=True)
    done_ms = models.PositiveBigIntegerField(_("listened to (ms)"), default=0)
    length_ms = models.PositiveBigIntegerField(_("length (ms)"), default=0)
    unplaced = models.PositiveIntegerField(_("words outside of all lines"), default=0)
    attempts = models.PositiveSmallIntegerField(_("begun (times)"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    alive_at = models.DateTimeField(_("last sign of life"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("second pass")
        verbose_name_plural = _("second passes")

    def __str__(self) -> str:
        return f"{self.meeting}: {self.get_stage_display()}"

    @property
    def is_over(self) -> bool:
        return self.stage in {self.Stage.DONE, self.Stage.FAILED}

    @property
    def percent(self) -> int:
        if self.stage == self.Stage.DONE:
            return 100
        return min(99, self.done_ms * 100 // self.length_ms) if self.length_ms else 0


class Suggestion(models.Model):
    """What a second pass heard where a line stands; offered while the line still reads as it did then."""

    segment = models.OneToOneField(Segment, on_delete=models.CASCADE, related_name="suggestion")
    text_before = models.TextField()
    text = models.TextField()
    words = models.JSONField(default=list)  # as Segment.words
    language = models.CharField(max_length=16, blank=True)
    confidence = models.FloatField(default=0.0)

    class Meta:
        ordering: ClassVar = ["segment__start_ms", "segment__sequence"]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.text[:60]}"
