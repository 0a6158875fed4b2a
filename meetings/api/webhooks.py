"""Addresses that are told what happens, and the log of telling them."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status

from meetings.api.auth import ApiRequest, hear_events
from meetings.api.pages import BY_NEWEST, Page, PageQuery, Rows, page_of
from meetings.api.problems import conflict, invalid, not_found
from meetings.api.schemas import IdempotencyKey
from meetings.api.webhook_schemas import (
    DeliveryOut,
    DeliveryQuery,
    NewWebhook,
    SecretOut,
    WebhookChange,
    WebhookMade,
    WebhookOut,
)
from meetings.models import Delivery, Webhook
from meetings.services import events, webhooks

router = Router(tags=["webhooks"])


@router.get("", auth=hear_events, response=Page[WebhookOut])
def list_webhooks(request: ApiRequest, query: Query[PageQuery]) -> Rows[Webhook]:
    """Yours, newest first."""
    return page_of(webhooks.of(request.auth.user), BY_NEWEST, query)


@router.post("", auth=hear_events, response={201: WebhookMade})
def create_webhook(
    request: ApiRequest, response: HttpResponse, body: NewWebhook, idempotency_key: IdempotencyKey
) -> Status[WebhookMade]:
    """Be told of events of the meetings that you host and of your jobs, within seconds.

    Each event is a POST of `{event_id, event_type, api_version, created_at, data}`, signed as Standard Webhooks has it
    (`Webhook-Id`, `Webhook-Timestamp`, `Webhook-Signature`). Answer 2xx within 8 s; otherwise it comes again, less and
    less often, for three days. The same event may come twice: its `event_id` tells. Answer 410 to hear nothing more.
    """
    try:
        webhook = webhooks.register(request.auth.user, body.url, body.events, idempotency_key)
    except webhooks.WebhookRefused as refusal:
        raise invalid(f"body.{refusal.field}", refusal.message) from refusal
    except webhooks.TooManyWebhooks as error:
        raise conflict("too_many_webhooks", f"{webhooks.MAX_WEBHOOKS} webhooks are the most.") from error
    response["Location"] = reverse("api:get_webhook", args=[webhook.pk])
    shown = WebhookOut.from_orm(webhook)
    return Status(201, WebhookMade(**shown.dict(), secret=webhooks.shown_secret(webhook)))


@router.get("/{webhook_id}", auth=hear_events, response=WebhookOut)
def get_webhook(request: ApiRequest, webhook_id: UUID) -> Webhook:
    return _own(request, webhook_id)


@router.patch("/{webhook_id}", auth=hear_events, response=WebhookOut)
def change_webhook(request: ApiRequest, webhook_id: UUID, body: WebhookChange) -> Webhook:
    """What waits goes to the new address; enabling one sends what waited meanwhile."""
    try:
        return webhooks.change(_own(request, webhook_id), **body.dict())
    except webhooks.WebhookRefused as refusal:
        raise invalid(f"body.{refusal.field}", refusal.message) from refusal


@router.delete("/{webhook_id}", auth=hear_events, response={204: None})
def delete_webhook(request: ApiRequest, webhook_id: UUID) -> Status[None]:
    """With its log; what waits is not sent."""
    _own(request, webhook_id).delete()
    return Status(204, None)


@router.post("/{webhook_id}/secret", auth=hear_events, response=SecretOut)
def renew_secret(request: ApiRequest, webhook_id: UUID) -> SecretOut:
    """Another secret, shown this once; the former signs nothing any more."""
    return SecretOut(secret=webhooks.renew_secret(_own(request, webhook_id)))


@router.post("/{webhook_id}/test", auth=hear_events, response={202: DeliveryOut})
def test_webhook(request: ApiRequest, webhook_id: UUID) -> Status[Delivery]:
    """Send the event `webhook.test`, which means nothing."""
    return Status(202, events.test_event(_own(request, webhook_id)))


@router.get("/{webhook_id}/deliveries", auth=hear_events, response=Page[DeliveryOut])
def list_deliveries(request: ApiRequest, webhook_id: UUID, query: Query[DeliveryQuery]) -> Rows[Delivery]:
    """The log of the last two weeks, newest first."""
    rows = _own(request, webhook_id).deliveries.all()
    if query.state:
        rows = rows.filter(state=query.state)
    return page_of(rows, BY_NEWEST, query)


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", auth=hear_events, response={202: DeliveryOut})
def replay_delivery(request: ApiRequest, webhook_id: UUID, delivery_id: UUID) -> Status[Delivery]:
    """Send the event once more, with the same `event_id`."""
    again = webhooks.replay(_own(request, webhook_id), delivery_id)
    if again is None:
        raise not_found("delivery")
    return Status(202, again)


def _own(request: ApiRequest, webhook_id: UUID) -> Webhook:
    webhook = webhooks.of(request.auth.user).filter(pk=webhook_id).first()
    if webhook is None:
        raise not_found("webhook")
    return webhook
