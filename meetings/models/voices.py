"""What people sound like, of those who agreed that it is known."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.people import User
from meetings.models.speaking import Participant


class KnownVoice(models.Model):
    """Learned from somebody's own microphone; goes with their agreement, their account and the audio it came from."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="known_voice")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")  # whose audio it is
    vector = models.JSONField(default=list)  # of length 1; empty until enough was heard
    model = models.CharField(_("model"), max_length=200, blank=True)  # only vectors of the same can be compared
    tried_at = models.DateTimeField(_("tried"), default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-tried_at"]

    def __str__(self) -> str:
        return str(self.user)
