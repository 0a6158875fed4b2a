"""Programs show a token; each operation says which scope it needs."""

from http import HTTPStatus

from django.http import HttpRequest
from ninja.security import HttpBearer

from meetings.api.limits import count
from meetings.api.problems import Problem
from meetings.models import ApiToken
from meetings.services import tokens


class ApiRequest(HttpRequest):
    """A request that passed `Bearer`."""

    auth: ApiToken


class Bearer(HttpBearer):
    """`Authorization: Bearer mtx_…` of a token that holds the scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        found = tokens.holder(token)
        if found is None:
            raise unauthorized("The token is unknown, revoked or expired.")
        count(request, found)
        if self.scope not in found.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, "scope_missing", f"This needs a token with the scope {self.scope}.")
        return found


def unauthorized(detail: str) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="api"'}
    return Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers=headers)


read_meetings = Bearer("meetings:read")
write_meetings = Bearer("meetings:write")
write_segments = Bearer("segments:write")
run_jobs = Bearer("jobs")
hear_events = Bearer("webhooks")
