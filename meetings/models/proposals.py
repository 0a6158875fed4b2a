"""What a language model proposes for the minutes of a meeting."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting


class Proposal(models.Model):
    """The newest asking of a meeting's host, and what came of it."""

    class Stage(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READING = "reading", _("The language model reads the transcript")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    meeting = models.OneToOneField(Meeting, on_delete=models.CASCADE, related_name="proposal")
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.WAITING)
    reason = models.CharField(_("reason"), max_length=300, blank=True)  # why it failed, for people
    percent = models.PositiveSmallIntegerField(default=0)
    model = models.CharField(_("language model"), max_length=200, blank=True)
    findings = models.JSONField(default=list)  # [{"kind", "text", "owner", "evidence": sequences, "at_ms"}]
    taken = models.JSONField(default=list)  # which of them the host took over, by their place
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    alive_at = models.DateTimeField(_("last sign of life"), default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.meeting}: {self.get_stage_display()}"

    @property
    def is_over(self) -> bool:
        return self.stage in {self.Stage.DONE, self.Stage.FAILED, self.Stage.CANCELLED}
