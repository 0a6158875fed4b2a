"""What the parts of the API have in common: their bodies, their refusals, their description."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.types import DictStrAny

from meetings.api.auth import unauthorized
from meetings.api.describing import complete_description
from meetings.api.problems import FieldError, Problem, conflict
from meetings.disk import is_full
from meetings.services import idempotency


class Bodies(Parser):
    """JSON of the size Django allows, or a form with files."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        if request.content_type != "application/json":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "The body must be application/json.")
        try:
            return super().parse_body(request)
        except (UnicodeDecodeError, RecursionError) as error:
            raise Problem(HTTPStatus.BAD_REQUEST, "bad_request", "The body is not JSON.") from error

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> DictStrAny:
        if data is not request.GET and request.content_type != "multipart/form-data":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_a_form", "The body must be multipart/form-data.")
        return super().parse_querydict(data, list_fields, request)


class Api(NinjaAPI):
    """A part of the API; `more` are further parts that its description covers."""

    def __init__(self, namespace: str, *more: "Api", **options: Any) -> None:
        super().__init__(urls_namespace=namespace, version="1", docs_url=None, parser=Bodies(), **options)
        self._more = more
        for kind, handler in _REFUSALS.items():
            self.add_exception_handler(kind, handler)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: DictStrAny | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        complete_description(schema)
        for part in self._more:
            other = part.get_openapi_schema()
            schema["paths"].update(other["paths"])
            for kind, named in other["components"].items():
                schema["components"].setdefault(kind, {}).update(named)
        return schema


def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return error.response()


def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return unauthorized("This needs a token: Authorization: Bearer mtx_…").response()


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Also what `Bodies` refuses, which Ninja wraps."""
    if isinstance(error.__cause__, Problem):
        return error.__cause__.response()
    return Problem(HTTPStatus(error.status_code), "bad_request", str(error)).response()


def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The body is too large.").response()


def _no_room(request: HttpRequest, error: OSError) -> HttpResponse:
    if not is_full(error):
        raise error
    for handler in request.upload_handlers:  # Django forgets a form's half-written file here
        handler.upload_interrupted()
    detail = (
        "The server's disk is full, and nothing of this was stored: tell who runs it, come back when there is room."
    )
    return Problem(HTTPStatus.INSUFFICIENT_STORAGE, "no_room", detail).response()


def _not_a_form(request: HttpRequest, error: MultiPartParserError) -> HttpResponse:
    return Problem(HTTPStatus.BAD_REQUEST, "bad_request", "The body is not multipart/form-data.").response()


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [FieldError(field=_place(found["loc"]), message=found["msg"]) for found in error.errors]
    detail = "; ".join(f"{found['field']}: {found['message']}" for found in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=errors).response()


def _key_used(request: HttpRequest, error: idempotency.KeyUsed) -> HttpResponse:
    return conflict("key_used", "This Idempotency-Key came with another request before.").response()


def _place(parts: Sequence[str | int]) -> str:
    """ "body.title": without the name that the view gives its body or query."""
    named = parts[1:] if parts[:1] == parts[1:2] else parts
    return ".".join(str(part) for part in named)


_REFUSALS: dict[type[Exception], Any] = {
    Problem: _problem,
    idempotency.KeyUsed: _key_used,
    AuthenticationError: _no_token,
    HttpError: _http_error,
    RequestDataTooBig: _too_large,
    MultiPartParserError: _not_a_form,
    OSError: _no_room,
    ValidationError: _invalid,
}
