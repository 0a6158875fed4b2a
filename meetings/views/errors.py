"""What people see when the server cannot answer."""

import sys
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views import defaults
from redis.exceptions import RedisError

from meetings.disk import is_full

RETRY_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """A store that is away is a passing trouble (503), a full disk the operator's (507); everything else is ours."""
    error = sys.exc_info()[1]
    if is_full(error):
        response = defaults.server_error(request, "507.html")
        response.status_code = HTTPStatus.INSUFFICIENT_STORAGE
        return response
    response = defaults.server_error(request)
    if isinstance(error, (DatabaseError, RedisError)):
        response.status_code = 503
        response["Retry-After"] = str(RETRY_SECONDS)
    return response
