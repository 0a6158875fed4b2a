"""Telling webhooks: at least once each, again after failures, less and less often, given up after three days."""

import asyncio
import base64
import hashlib
import hmac
import logging
import random
import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from meetings import outbound
from meetings.database import in_database
from meetings.models import Delivery, Webhook
from meetings.services.webhooks import secret_of

logger = logging.getLogger(__name__)

# Before the second attempt, the third, and so on; almost three days together.
PAUSES = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400)]
JITTER = 0.2  # share of a pause by which it varies
DISABLED_AFTER = timedelta(days=5)  # in which everything failed
CLAIM = timedelta(seconds=60)  # after which another worker tries what a dead one had
MAX_AT_ONCE = 40
MAX_EACH = 4  # of one webhook at once: one that hangs holds up nobody else
KEPT = timedelta(days=14)
GONE = 410  # HTTP: never again


def claim_due() -> list[Delivery]:
    """Deliveries whose time has come, for this caller alone."""
    due = Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=timezone.now(), webhook__disabled_at=None)
    place = Window(RowNumber(), partition_by="webhook_id", order_by="due_at")  # among those of its webhook
    first = due.annotate(place=place).filter(place__lte=MAX_EACH)
    with transaction.atomic():
        rows = due.filter(pk__in=first.values("pk")).select_related("webhook").order_by("due_at")
        mine = list(rows.select_for_update(skip_locked=True, of=("self",))[:MAX_AT_ONCE])
        Delivery.objects.filter(pk__in=[one.pk for one in mine]).update(due_at=timezone.now() + CLAIM)
    return mine


async def deliver_due() -> int:
    """Send all that is due, side by side; returns how many arrived. One that goes wrong is tried after its claim."""
    claimed = await in_database(claim_due)
    ends = await asyncio.gather(*(_deliver(delivery) for delivery in claimed), return_exceptions=True)
    for wrong in (end for end in ends if isinstance(end, Exception)):
        logger.error("a delivery went wrong", exc_info=wrong)
    return sum(end is True for end in ends)


async def _deliver(delivery: Delivery) -> bool:
    status, error = await _send(delivery)
    return await in_database(record, delivery, status, error)


async def _send(delivery: Delivery) -> tuple[int | None, str]:
    """The status of the answer, or why there is none."""
    body = delivery.body.encode()
    try:
        allowed = settings.ENVIRONMENT.webhook_allowed_networks
        return await outbound.post(delivery.webhook.url, body, headers_of(delivery, body), allowed), ""
    except (outbound.AddressRefused, outbound.Unreachable) as error:
        return None, str(error)


def headers_of(delivery: Delivery, body: bytes) -> dict[str, str]:
    """Signed as Standard Webhooks does: HMAC-SHA256 over id, time and body."""
    now = str(int(time.time()))
    signed = f"{delivery.event_id}.{now}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret_of(delivery.webhook), signed, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "meeting-transcription/1",
        "Webhook-Id": str(delivery.event_id),
        "Webhook-Timestamp": now,
        "Webhook-Signature": f"v1,{signature}",
    }


def record(delivery: Delivery, status: int | None, error: str) -> bool:
    """Note how an attempt went, and when the next one is; returns whether it arrived."""
    arrived = status is not None and 200 <= status < 300
    delivery.attempts += 1
    delivery.status_code, delivery.error = status, error or _error_of(status)
    if arrived:
        delivery.state, delivery.ended_at, delivery.error = Delivery.State.DELIVERED, timezone.now(), ""
    elif delivery.attempts > len(PAUSES) or status == GONE:
        delivery.state, delivery.ended_at = Delivery.State.FAILED, timezone.now()
    else:
        delivery.due_at = timezone.now() + PAUSES[delivery.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=delivery.attempts,
        status_code=delivery.status_code,
        error=delivery.error,
        state=delivery.state,
        due_at=delivery.due_at,
        ended_at=delivery.ended_at,
    )  # nothing, where it was deleted meanwhile
    _note_health(delivery.webhook_id, arrived=arrived, gone=status == GONE)
    return arrived


def _error_of(status: int | None) -> str:
    return "it leads elsewhere, and redirects are not followed" if status and 300 <= status < 400 else ""


def _note_health(webhook_id: UUID, *, arrived: bool, gone: bool) -> None:
    """One that failed for days, or says it is gone, is told nothing more until its owner enables it."""
    webhook, now = Webhook.objects.filter(pk=webhook_id), timezone.now()
    if arrived:
        webhook.exclude(failing_since=None).update(failing_since=None)
        return
    webhook.filter(failing_since=None).update(failing_since=now)
    hopeless = webhook if gone else webhook.filter(failing_since__lt=now - DISABLED_AFTER)
    hopeless.filter(disabled_at=None).update(disabled_at=now)


def forget_old() -> int:
    """The log keeps KEPT; returns how many went."""
    return Delivery.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
