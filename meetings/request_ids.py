"""Every answer carries an id that the logs carry too: X-Request-ID, the proxy's own where it sends a plausible one."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from transcription.log_ids import bind

HEADER = "X-Request-ID"
PLAUSIBLE = re.compile(r"[A-Za-z0-9-]{8,64}")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if PLAUSIBLE.fullmatch(given) else uuid.uuid4().hex
        bind(request=request_id)
        response = self._get_response(request)
        response.headers[HEADER] = request_id
        return response
