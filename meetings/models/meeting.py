"""A meeting and the links that let others read it."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from meetings.models.people import User


def new_join_code() -> str:
    """A join code of 130 random bits: letters and digits, so that it is safe in a URL and in a command."""
    return get_random_string(22)


class Meeting(models.Model):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Not started")
        LIVE = "live", _("Live")
        FINISHING = "finishing", _("Finishing")  # ended, the last words are still being recognised
        ENDED = "ended", _("Ended")

    class Visibility(models.TextChoices):
        PARTICIPANTS = "participants", _("The people of the meeting")
        ORGANISATION = "organisation", _("Everybody with an account here")

    class Review(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")  # locked

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("join code"), max_length=32, unique=True, default=new_join_code, editable=False)
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=16, blank=True, help_text=_("Empty finds it per speaker."))
    agenda = models.TextField(_("agenda"), max_length=10_000, blank=True)
    terms = models.TextField(_("names and terms"), max_length=5_000, blank=True)  # that may be said, by line or comma
    host = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hosted_meetings", verbose_name=_("host"))
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    planned_at = models.DateTimeField(_("planned for"), null=True, blank=True)  # empty: now, or whenever somebody comes
    planned_minutes = models.PositiveSmallIntegerField(_("planned length (min)"), default=60)
    locked = models.BooleanField(_("locked"), default=False)  # nobody new joins
    waiting_room = models.BooleanField(_("waiting room"), default=False)  # newcomers wait until a host admits them
    keep_audio = models.BooleanField(_("keep the audio"), default=False)  # of those who agree to it
    audio_days = models.PositiveSmallIntegerField(_("audio is kept for (days)"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.SCHEDULED)
    visibility = models.CharField(
        _("who can read it"), max_length=12, choices=Visibility.choices, default=Visibility.PARTICIPANTS
    )
    review = models.CharField(_("review"), max_length=12, choices=Review.choices, default=Review.DRAFT)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    last_sequence = models.PositiveIntegerField(default=0, editable=False)
    last_change = models.PositiveIntegerField(default=0, editable=False)  # of its marks
    last_edit = models.PositiveIntegerField(default=0, editable=False)  # of its segments

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["host", "-created_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def takes_audio(self) -> bool:
        return self.status in {self.Status.SCHEDULED, self.Status.LIVE}

    def offset_ms(self, moment: datetime) -> int:
        """Milliseconds from the meeting's start to `moment`; 0 before the start."""
        if self.started_at is None:
            return 0
        return max(0, (moment - self.started_at) // timedelta(milliseconds=1))


class ShareLink(models.Model):
    """Lets whoever has it read one meeting, until it expires or is revoked. The token itself is not stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256, hexadecimal
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.meeting} until {self.expires_at:%Y-%m-%d}"
