"""For load balancers and people who wonder: is it alive, and can it work?"""

import shutil
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError

from meetings.draining import drain
from meetings.services.transcribers import transcriber_state

MIN_FREE_BYTES = 500_000_000


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Everything a meeting needs is there; otherwise 503 with the reasons."""
    checks = {name: check() for name, check in CHECKS.items()}
    is_ready = all(reason == "ok" for reason in checks.values())
    return JsonResponse({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)


def _process() -> str:
    return "this process is stopping" if drain.started else "ok"


def _postgres() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "Postgres does not answer"
    return "ok"


def _redis() -> str:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except RedisError:
        return "Redis does not answer"
    return "ok"


def _transcriber() -> str:
    reasons = {
        "ready": "ok",
        "reduced": "ok",
        "away": "the server that the transcriber asks does not answer",
        "loading": "the transcriber is loading its model",
        "absent": "no transcriber is running",
    }
    return reasons[transcriber_state()]


def _disk() -> str:
    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.VAR_DIR).free
    except OSError:
        return "the data folder cannot be used"
    return "ok" if free > MIN_FREE_BYTES else f"only {free // 1_000_000} MB are free on the data disk"


CHECKS: dict[str, Callable[[], str]] = {
    "process": _process,
    "postgres": _postgres,
    "redis": _redis,
    "transcriber": _transcriber,
    "disk": _disk,
}
