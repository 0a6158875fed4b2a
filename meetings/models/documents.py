"""Documents that take long to make, and where they are."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting


class Document(models.Model):
    """The minutes of a long meeting in one format, made by a worker and kept for a day."""

    class Stage(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        MAKING = "making", _("Being made")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="documents")
    extension = models.CharField(max_length=8)
    options = models.JSONField(default=dict)  # of the export, by name
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.WAITING)
    reason = models.CharField(_("reason"), max_length=300, blank=True)  # why it failed, for people
    percent = models.PositiveSmallIntegerField(default=0)
    file = models.FileField(upload_to="documents/", blank=True)  # under a name nobody guesses
    file_name = models.CharField(max_length=120, blank=True)  # that readers get
    created_at = models.DateTimeField(_("ordered"), auto_now_add=True)
    alive_at = models.DateTimeField(_("last sign of life"), default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.meeting}.{self.extension}: {self.get_stage_display()}"

    @property
    def is_over(self) -> bool:
        return self.stage in {self.Stage.DONE, self.Stage.FAILED, self.Stage.CANCELLED}
