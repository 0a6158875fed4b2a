"""What people see when the server cannot answer."""

import sys

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views import defaults
from redis.exceptions import RedisError

RETRY_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """A store that is away is a passing trouble (503); everything else is ours (500)."""
    response = defaults.server_error(request)
    if isinstance(sys.exc_info()[1], (DatabaseError, RedisError)):
        response.status_code = 503
        response["Retry-After"] = str(RETRY_SECONDS)
    return response
