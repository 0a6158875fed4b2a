"""Webhooks of a person: made, changed, tested; their secrets are shown once."""

import base64
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from meetings import outbound
from meetings.models import Delivery, Recording, User, Webhook
from meetings.services import idempotency
from meetings.services.events import JOB_FINISHED

KEYED = UUID("0c6b1c1e-6a58-4e0e-9b37-d8a2f3c5e914")  # the namespace of webhooks made with a key
MAX_WEBHOOKS = 20  # of one person
PREFIX = "whsec_"  # as Standard Webhooks has it


class WebhookRefused(Exception):
    """`field` names what is wrong, the text says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class TooManyWebhooks(Exception):
    """Delete one first."""


def of(owner: User) -> models.QuerySet[Webhook]:
    """Those a person made; not the ones that belong to one job."""
    return Webhook.objects.filter(owner=owner, of_job=None)


def register(owner: User, url: str, events: Sequence[str], key: str = "") -> Webhook:
    """The same key gives the same one. Raises WebhookRefused, TooManyWebhooks, idempotency.KeyUsed."""
    _check(url)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)
        webhook_id = idempotency.id_for(owner, KEYED, key, url, events)
        if known := of(owner).filter(pk=webhook_id).first():
            return known
        if of(owner).count() >= MAX_WEBHOOKS:
            raise TooManyWebhooks
        return Webhook.objects.create(pk=webhook_id, owner=owner, url=url, events=sorted(set(events)))


def register_for_job(recording: Recording, url: str) -> Webhook:
    """One that is told of the end of this job alone. Raises WebhookRefused."""
    _check(url)
    return Webhook.objects.create(owner=recording.owner, url=url, events=[JOB_FINISHED], of_job=recording)


def _check(url: str) -> None:
    try:
        outbound.check_url(url)
    except outbound.AddressRefused as error:
        raise WebhookRefused("url", f"{str(error)[0].upper()}{str(error)[1:]}.") from error


def change(webhook: Webhook, *, enabled: bool | None = None, **fields: Any) -> Webhook:
    """What is None stays. Raises WebhookRefused."""
    given = {name: value for name, value in fields.items() if value is not None}
    if "url" in given:
        _check(given["url"])
    if enabled is not None:
        given["disabled_at"] = None if enabled else webhook.disabled_at or timezone.now()
        given["failing_since"] = None
    for name, value in given.items():
        setattr(webhook, name, value)
    webhook.save(update_fields=list(given))
    return webhook


def secret_of(webhook: Webhook) -> bytes:
    """256 bits that are kept nowhere: made of the server's key, the webhook and the number of its secret."""
    return salted_hmac("meetings.webhook", f"{webhook.pk}:{webhook.secret_number}", algorithm="sha256").digest()


def shown_secret(webhook: Webhook) -> str:
    """As it is given to the owner, once."""
    return PREFIX + base64.b64encode(secret_of(webhook)).decode()


def renew_secret(webhook: Webhook) -> str:
    """Another one; the former signs nothing any more."""
    Webhook.objects.filter(pk=webhook.pk).update(secret_number=models.F("secret_number") + 1)
    webhook.refresh_from_db(fields=["secret_number"])
    return shown_secret(webhook)


def replay(webhook: Webhook, delivery_id: UUID) -> Delivery | None:
    """Send an event once more, under its own id; None when the webhook's log does not have it."""
    former = webhook.deliveries.filter(pk=delivery_id).first()
    if former is None:
        return None
    return Delivery.objects.create(
        webhook=webhook, event_id=former.event_id, event_type=former.event_type, about=former.about, body=former.body
    )
