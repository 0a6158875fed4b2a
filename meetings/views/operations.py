"""For those who run the system: a page with plots, and metrics for their collector."""

import hmac
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from meetings.redis import with_redis
from meetings.services import operations
from meetings.services.exposition import all_metrics
from transcription.errors import BusUnavailable
from transcription.latency import Stage


def is_operator(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(user.is_active and getattr(user, "is_staff", False))


STAGE_TEXTS: tuple[tuple[Stage, Any, Any], ...] = (
    ("caption", _("From voice to caption"), _("what the limit is for")),
    ("capture", _("Microphone"), _("until the page sends a frame")),
    ("network", _("Network"), _("from the page to the web process")),
    ("queue", _("Waiting"), _("on the bus and for the engine")),
    ("vad", _("Hearing a voice"), _("voice activity")),
    ("inference", _("Recognising"), _("the engine's answer")),
    ("store", _("Storing"), _("a final in Postgres")),
    ("fanout", _("Sending to everybody"), _("to each member's socket")),
)


@never_cache
@require_safe
@user_passes_test(is_operator)
def overview(request: HttpRequest) -> HttpResponse:
    """How the system does; the figures come from `figures`."""
    stages = [{"name": name, "label": label, "meaning": meaning} for name, label, meaning in STAGE_TEXTS]
    return render(request, "operations.html", {"stages": stages})


@never_cache
@require_safe
@user_passes_test(is_operator)
def figures(request: HttpRequest) -> HttpResponse:
    """A `Picture` as JSON; 503 while Redis is away."""
    try:
        known = with_redis(operations.live)
    except (RedisError, BusUnavailable):
        return HttpResponse('{"error": "Redis does not answer"}', content_type="application/json", status=503)
    return HttpResponse(msgspec.json.encode(operations.picture(known)), content_type="application/json")


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """In Prometheus's text format, for METRICS_TOKEN as a bearer token or a signed-in administrator; otherwise 401."""
    if not (_has_token(request) or _is_administrator(request)):
        answer = HttpResponse("a token is needed\n", content_type="text/plain", status=401)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(all_metrics(), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), wanted.encode())


def _is_administrator(request: HttpRequest) -> bool:
    return is_operator(request.user)
