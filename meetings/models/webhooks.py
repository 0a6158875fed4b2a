"""Addresses that are told what happened, and the log of telling them."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.people import User
from meetings.models.recordings import Recording


class Webhook(models.Model):
    """Is told of events of its owner's meetings and jobs; one `of_job` only of the end of that job."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="webhooks", verbose_name=_("owner"))
    url = models.CharField(_("address"), max_length=2_000)
    events = models.JSONField(_("is told"), default=list)
    of_job = models.ForeignKey(Recording, null=True, on_delete=models.CASCADE, related_name="webhooks")
    secret_number = models.PositiveIntegerField(default=1)  # the secret is made of it and never stored
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.url

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None


class Delivery(models.Model):
    """One event for one webhook: what was sent, how often, and how it went."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.UUIDField(_("event"))
    event_type = models.CharField(_("what"), max_length=32)
    about = models.UUIDField(_("about"), null=True, db_index=True)  # the meeting or job; goes with it
    body = models.TextField(_("body"))  # as it is signed and sent, byte for byte
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    status_code = models.PositiveSmallIntegerField(_("answer"), null=True)  # of the last attempt
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        verbose_name_plural = _("deliveries")
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="deliveries_that_are_due"),
            models.Index(fields=["webhook", "-created_at"], name="deliveries_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.webhook_id}: {self.state}"
