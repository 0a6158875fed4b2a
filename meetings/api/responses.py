"""What every answer of the API has in common, also those that Django gives before a view is reached."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from meetings.api.problems import MEDIA_TYPE, Problem
from meetings.measures import api_requests

PLACES = ("/api/", "/v1/")
KEPT_HEADERS = ("Allow", "Retry-After")


class ApiResponses:
    """Middleware: problem documents instead of pages, the rate's headers, nothing kept in caches, all of it counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if not request.path.startswith(PLACES):
            return response
        api_requests.labels(f"{response.status_code // 100}xx").inc()
        if response.status_code >= HTTPStatus.BAD_REQUEST and response["Content-Type"] != MEDIA_TYPE:
            response = _as_problem(response)
        for name, value in getattr(request, "rate_headers", {}).items():
            response[name] = value
        response.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ["Authorization"])
        return response


def _as_problem(response: HttpResponse) -> HttpResponse:
    status = HTTPStatus(response.status_code)
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    code = status.phrase.lower().replace(" ", "_")
    return Problem(status, code, f"{status.description or status.phrase}.", headers=headers).response()
