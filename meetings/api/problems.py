"""Refusals as RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TypedDict

from django.http import HttpResponse, JsonResponse

MEDIA_TYPE = "application/problem+json"


class FieldError(TypedDict):
    field: str  # where it is: "body.title", "query.limit"
    message: str


class Problem(Exception):
    """Raised anywhere below an API view; `detail` is for people, `code` stable and for programs."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def response(self) -> HttpResponse:
        body: dict[str, object] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return JsonResponse(body, status=self.status, content_type=MEDIA_TYPE, headers=dict(self.headers))


def not_found(what: str) -> Problem:
    """Also for what the caller may not see: whether it exists is nobody else's business."""
    return Problem(HTTPStatus.NOT_FOUND, "not_found", f"There is no such {what}, or not for you.")


def forbidden(detail: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", detail)


def conflict(code: str, detail: str) -> Problem:
    return Problem(HTTPStatus.CONFLICT, code, detail)


def invalid(field: str, message: str) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        f"{field}: {message}",
        errors=[{"field": field, "message": message}],
    )
