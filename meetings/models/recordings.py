"""Uploaded recordings and the work on them."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.models.people import User


class Recording(models.Model):
    """An uploaded file that becomes a meeting's transcript. Its bytes lie in a folder of their own until then."""

    class Speakers(models.TextChoices):
        AUTO = "auto", _("Tell several speakers apart")
        CHANNELS = "channels", _("Every channel is one speaker")
        ONE = "one", _("One speaker")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recordings", verbose_name=_("owner"))
    meeting = models.OneToOneField(
        Meeting, null=True, blank=True, on_delete=models.CASCADE, related_name="recording", verbose_name=_("meeting")
    )  # once its content was found good
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=16, blank=True)
    preferred_languages = models.JSONField(default=list, blank=True)  # of the uploader's browser
    speakers = models.CharField(_("speakers"), max_length=8, choices=Speakers.choices, default=Speakers.ONE)
    speakers_least = models.PositiveSmallIntegerField(_("speakers at least"), null=True, blank=True)
    speakers_most = models.PositiveSmallIntegerField(_("speakers at most"), null=True, blank=True)
    keep_audio = models.BooleanField(_("keep the audio"), default=False)  # for the review, as a meeting's is kept
    size_bytes = models.PositiveBigIntegerField(_("size (bytes)"))
    received_bytes = models.PositiveBigIntegerField(_("received (bytes)"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_complete(self) -> bool:
        return self.received_bytes == self.size_bytes


class Job(models.Model):
    """The work on one recording: where it is, how far, and why it stopped."""

    class Stage(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CHECKING = "checking", _("Checking the file")
        TRANSCRIBING = "transcribing", _("Transcribing")
        DIARIZING = "diarizing", _("Telling speakers apart")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, related_name="job")
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.WAITING)
    reason = models.CharField(_("reason"), max_length=16, blank=True)  # why it failed, one of `FAILURES`
    untold = models.CharField(_("speakers untold"), max_length=16, blank=True)  # why, one of `UNTOLD`
    cut_short = models.BooleanField(_("cut short by damage"), default=False)  # nothing after length_ms could be read
    done_ms = models.PositiveBigIntegerField(_("done of the stage (ms)"), default=0)
    length_ms = models.PositiveBigIntegerField(_("length (ms)"), default=0)  # 0: the file does not say
    attempts = models.PositiveSmallIntegerField(_("begun (times)"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    alive_at = models.DateTimeField(_("last sign of life"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.recording}: {self.get_stage_display()}"

    @property
    def is_over(self) -> bool:
        return self.stage in {self.Stage.DONE, self.Stage.FAILED, self.Stage.CANCELLED}

    @property
    def share(self) -> float:
        """How much of the stage is done, 0 to 1."""
        if self.stage == self.Stage.DONE:
            return 1.0
        return min(0.99, self.done_ms / self.length_ms) if self.length_ms else 0.0
