"""Webhooks and their logs as the API gives them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from ninja import Field, Schema
from pydantic import StrictBool

from meetings.api.pages import PageQuery
from meetings.api.schemas import Input
from meetings.models import Delivery

EventType = Literal["meeting.started", "meeting.ended", "transcript.ready", "minutes.ready", "job.finished"]
DeliveryState = Literal["pending", "delivered", "failed"]
Url = Annotated[str, Field(min_length=1, max_length=2_000, examples=["https://example.org/hook"])]
Events = Annotated[list[EventType], Field(min_length=1, max_length=5)]


class NewWebhook(Input):
    url: Url
    events: Events


class WebhookChange(Input):
    """Only what is given is changed."""

    url: Url | None = None
    events: Events | None = None
    enabled: StrictBool | None = None


class WebhookOut(Schema):
    id: UUID
    url: str
    events: list[str]
    enabled: bool
    failing_since: datetime | None = Field(description="Nothing arrived since; after five days it is disabled.")
    created_at: datetime


class WebhookMade(WebhookOut):
    secret: str = Field(description="What signatures are checked with (Standard Webhooks). Shown this once.")


class SecretOut(Schema):
    secret: str


class DeliveryQuery(PageQuery):
    state: DeliveryState | None = None


class DeliveryOut(Schema):
    id: UUID
    event_id: UUID
    event_type: str
    state: DeliveryState
    attempts: int
    status_code: int | None = Field(description="Of the last answer.")
    error: str
    created_at: datetime
    due_at: datetime | None = Field(description="Of the next attempt.")
    ended_at: datetime | None
    body: dict[str, Any] = Field(description="The envelope: event_id, event_type, api_version, created_at, data.")

    @staticmethod
    def resolve_due_at(delivery: Delivery) -> datetime | None:
        return delivery.due_at if delivery.state == Delivery.State.PENDING else None

    @staticmethod
    def resolve_body(delivery: Delivery) -> dict[str, Any]:
        return msgspec.json.decode(delivery.body, type=dict[str, Any])
