"""The API put together: its routers, its refusals, its description."""

from collections.abc import Sequence
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.types import DictStrAny

from meetings.api import meetings, segments
from meetings.api.auth import unauthorized
from meetings.api.describing import complete_description
from meetings.api.problems import FieldError, Problem

DESCRIPTION = """\
Meetings, who was in them, what was said, and the documents made of it.

A program shows a token (`Authorization: Bearer mtx_…`), which you make under *Programs*. It acts in your name within
its scopes: `meetings:read`, `meetings:write`, `segments:write`. Lists come in pages: the `next_cursor` of one is the
`cursor` of the next. Refusals are problem documents (RFC 9457) with a stable `code`. A token may make so many requests
a minute; the `RateLimit-*` headers say how many are left.
"""


class JsonOnly(Parser):
    """Bodies are JSON, of the size Django allows."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        if request.content_type != "application/json":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "The body must be application/json.")
        try:
            return super().parse_body(request)
        except (UnicodeDecodeError, RecursionError) as error:
            raise Problem(HTTPStatus.BAD_REQUEST, "bad_request", "The body is not JSON.") from error


class Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: DictStrAny | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        complete_description(schema)
        return schema


api = Api(
    title="Meeting transcription",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    parser=JsonOnly(),
)
api.add_router("/meetings", meetings.router)
api.add_router("", segments.router)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return error.response()


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return unauthorized("This needs a token: Authorization: Bearer mtx_…").response()


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Also what `JsonOnly` refuses, which Ninja wraps."""
    if isinstance(error.__cause__, Problem):
        return error.__cause__.response()
    return Problem(HTTPStatus(error.status_code), "bad_request", str(error)).response()


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The body is too large.").response()


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [FieldError(field=_place(found["loc"]), message=found["msg"]) for found in error.errors]
    detail = "; ".join(f"{found['field']}: {found['message']}" for found in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=errors).response()


def _place(parts: Sequence[str | int]) -> str:
    """ "body.title": without the name that the view gives its body or query."""
    named = parts[1:] if parts[:1] == parts[1:2] else parts
    return ".".join(str(part) for part in named)
