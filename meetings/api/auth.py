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
        found = _holder(token)
        count(request, found)
        self._check(found)
        return found

    def admit(self, token: str) -> None:
        """Before there is a request to count, as its body comes yet: raises Problem 401 or 403."""
        self._check(_holder(token))

    def _check(self, found: ApiToken) -> None:
        if self.scope not in found.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, "scope_missing", f"This needs a token with the scope {self.scope}.")


def _holder(token: str) -> ApiToken:
    found = tokens.holder(token)
    if found is None:
        raise unauthorized("The token is unknown, revoked or expired.")
    return found


def unauthorized(detail: str) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="api"'}
    return Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers=headers)


read_meetings = Bearer("meetings:read")
write_meetings = Bearer("meetings:write")
write_segments = Bearer("segments:write")
run_jobs = Bearer("jobs")
hear_events = Bearer("webhooks")
