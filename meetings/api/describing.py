"""Completes the OpenAPI document: what every operation may also answer, and the headers that come with it."""

from typing import Any

from meetings.api.problems import MEDIA_TYPE
from meetings.api.schemas import ProblemOut

ALWAYS = {401: "No token, or one that is not valid", 403: "Not within the token's scope, or not yours to do",
          422: "A value that cannot be", 429: "Too many requests", 503: "A store is away",
          507: "The server's disk is full"}  # fmt: skip
OF_A_THING = {404: "There is none, or not for you"}
OF_A_BODY = {400: "The body is not JSON", 413: "The body is too large", 415: "The body is of another type"}
OF_A_CHANGE = {409: "It is not as it was, or not possible now"}
COUNTED = {
    "RateLimit-Limit": "Requests a minute",
    "RateLimit-Remaining": "Requests left in this minute",
    "RateLimit-Reset": "Seconds until the next minute",
}


def complete_description(schema: dict[str, Any]) -> None:
    schema["components"]["schemas"]["Problem"] = ProblemOut.model_json_schema()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            _complete(operation, changes=method != "get", of_a_thing="{" in path)


def _complete(operation: dict[str, Any], *, changes: bool, of_a_thing: bool) -> None:
    refusals = {
        **ALWAYS,
        **(OF_A_THING if of_a_thing else {}),
        **(OF_A_CHANGE if changes else {}),
        **(OF_A_BODY if "requestBody" in operation else {}),
    }
    responses: dict[int, Any] = operation["responses"]
    for answer in responses.values():
        answer["headers"] = _headers()
    for status, description in sorted(refusals.items()):
        responses[status] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    responses[401]["headers"] = {"WWW-Authenticate": _header("string", "How to sign in")}
    responses[429]["headers"] = {**_headers(), "Retry-After": _header("integer", "Seconds")}


def _headers() -> dict[str, Any]:
    return {name: _header("integer", description) for name, description in COUNTED.items()}


def _header(kind: str, description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}
