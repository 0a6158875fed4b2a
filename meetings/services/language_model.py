"""One language model that speaks OpenAI's protocol (`POST …/chat/completions`): text in, JSON out, failures named.

httpx is imported where it is used: workers ask, and every web process would carry its 11 MB.
"""

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings

MAX_ANSWER_BYTES = 1 << 20
MAX_TOKENS = 2_000  # of an answer
RETRY_SECONDS = 1.0
PASSING = {408, 409, 425, 429, 500, 502, 503, 504}


class ModelFailed(Exception):
    """The message says why, for people; it holds nothing of what was asked."""


@dataclass(frozen=True, slots=True)
class Settings:
    url: str  # "https://host/v1"; empty: there is no model
    model: str
    api_key: str
    timeout_seconds: float  # of one answer


def configured() -> Settings:
    server: dict[str, Any] = settings.LANGUAGE_MODEL
    return Settings(**server)


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class LanguageModel:
    """Redirects are not followed: they would take the key, and what was said, elsewhere."""

    def __init__(self, server: Settings) -> None:
        import httpx

        self._server = server
        headers = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
        self._client = httpx.Client(headers=headers, timeout=httpx.Timeout(server.timeout_seconds, connect=5.0))
        self._url = f"{server.url.rstrip('/')}/chat/completions"
        self._format: dict[str, Any] = {"response_format": {"type": "json_object"}}

    def ask(self, task: str, material: str) -> bytes:
        """The answer's text; tries twice what may pass. Raises ModelFailed."""
        messages = [{"role": "system", "content": task}, {"role": "user", "content": material}]
        asked = {"model": self._server.model, "messages": messages, "temperature": 0, "max_tokens": MAX_TOKENS}
        status, body = self._post(asked)
        if status == HTTPStatus.BAD_REQUEST and self._format:
            self._format = {}  # servers differ in how they are told to answer in JSON; the task says it too
            status, body = self._post(asked)
        elif status in PASSING:
            time.sleep(RETRY_SECONDS)
            status, body = self._post(asked)
        if status != HTTPStatus.OK:
            raise ModelFailed(f"The language model answered {status}.")
        return _text(body)

    def _post(self, asked: dict[str, Any]) -> tuple[int, bytes]:
        """Bounded in time and size as a whole: httpx's own timeout is for each piece."""
        import httpx

        deadline = time.monotonic() + self._server.timeout_seconds
        body = bytearray()
        try:
            with self._client.stream("POST", self._url, json=asked | self._format) as answer:
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ModelFailed("The language model's answer is too long.")
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("trickling")
                return answer.status_code, bytes(body)
        except httpx.TimeoutException as slow:
            limit = f"{self._server.timeout_seconds:g}"
            raise ModelFailed(f"The language model did not answer within {limit} seconds.") from slow
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelFailed(f"The language model cannot be reached ({type(error).__name__}).") from error


def _text(body: bytes) -> bytes:
    """What the model wrote, without the fence that some put around JSON."""
    try:
        choices = msgspec.json.decode(body, type=_Completion).choices
    except msgspec.MsgspecError as error:
        raise ModelFailed("The language model's server does not speak OpenAI's protocol.") from error
    written = (choices[0].message.content if choices else None) or ""
    written = written.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    return written.strip().encode()
