"""How many requests a token may make: so many in each minute of the clock, counted in Redis."""

import logging
import time
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest
from redis.exceptions import RedisError

from meetings.api.problems import Problem
from meetings.models import ApiToken
from meetings.redis import blocking_redis

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


def count(request: HttpRequest, token: ApiToken) -> None:
    """Notes the headers of the answer on the request; raises Problem 429. Without Redis nobody is refused."""
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    reset = WINDOW_SECONDS - passed
    try:
        used = _increment(f"api:{token.pk}:{window}")
    except RedisError as error:
        logger.warning("requests are not counted (%s)", type(error).__name__)
        return
    limit = settings.ENVIRONMENT.api_requests_per_minute
    request.rate_headers = {  # type: ignore[attr-defined]
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(max(0, limit - used)),
        "RateLimit-Reset": str(reset),
    }
    if used > limit:
        detail = f"A token may make {limit} requests a minute; the next is welcome in {reset} s."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", detail, headers={"Retry-After": str(reset)})


def _increment(key: str) -> int:
    with blocking_redis().pipeline() as pipe:
        pipe.incr(key)
        pipe.expire(key, 2 * WINDOW_SECONDS)
        used, _ = pipe.execute()
    return int(used)
