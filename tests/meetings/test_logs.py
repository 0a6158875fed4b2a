"""Log records say which request, meeting and stream they belong to, as lines or as JSON; answers name their request."""

import asyncio
import contextvars
import json
import logging
import re
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client

from config.environment import ConfigurationError, read_environment
from transcription.log_ids import JsonFormatter, LineFormatter, bind, bound


def record(message: str = "stream claimed", *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("transcription.worker", logging.WARNING, "", 0, message, arguments, None)


def apart(formatter: logging.Formatter, made: logging.LogRecord, **ids: str) -> str:
    """Formats in a context of its own."""

    def run() -> str:
        bind(**ids)
        return formatter.format(made)

    return contextvars.Context().run(run)


def test_a_line_ends_with_the_ids() -> None:
    line = apart(LineFormatter(), record("fence %d", 3), meeting="m-1", stream="s-1")
    assert line.endswith("WARNING transcription.worker fence 3 meeting=m-1 stream=s-1")


def test_json_is_one_object_a_line_whatever_the_message_holds() -> None:
    line = apart(JsonFormatter(), record('a "quote"\nand a second line'), request="r-1")
    assert "\n" not in line
    found = json.loads(line)
    assert (found["level"], found["logger"], found["request"]) == ("warning", "transcription.worker", "r-1")
    assert found["message"] == 'a "quote"\nand a second line'
    assert found["at"].endswith("+00:00")


def test_the_documented_search_for_errors_finds_them() -> None:
    document = (Path(__file__).parent.parent.parent / "docs" / "deployment.md").read_text()
    found = re.search(r"docker compose logs .*grep -c '(.*)'", document)
    assert found
    made = record()
    made.levelname = "ERROR"
    assert found[1] in apart(JsonFormatter(), made)


def test_json_holds_the_exception() -> None:
    try:
        raise ValueError("wrong")
    except ValueError as error:
        made = record()
        made.exc_info = (type(error), error, error.__traceback__)
    assert "ValueError: wrong" in json.loads(apart(JsonFormatter(), made))["exception"]


async def test_ids_of_one_task_are_not_those_of_another() -> None:
    async def stream(name: str) -> str:
        bind(stream=name)
        await asyncio.sleep(0)
        return bound()["stream"]

    assert list(await asyncio.gather(stream("one"), stream("two"))) == ["one", "two"]
    assert "stream" not in bound()


def test_an_answer_names_its_request() -> None:
    answers = [Client().get("/health").headers["X-Request-ID"] for _ in range(2)]
    assert len(set(answers)) == 2


def test_the_proxys_id_is_kept() -> None:
    given = {"X-Request-ID": "0f4b1c9e-52f7-4d3a"}
    assert Client().get("/health", headers=given).headers["X-Request-ID"] == given["X-Request-ID"]


@pytest.mark.django_db
def test_a_page_that_is_refused_is_logged_by_its_pattern(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in ("/shared/a-secret-token/", "/m/a-secret-code/nothing/", "/m/ä-secret-code/"):
        assert client.get(path).status_code == 404
    assert client.post("/m/a-secret-code/").status_code == 403
    assert "Not Found: /shared/<str:token>/" in caplog.text
    assert "Not Found: no such page" in caplog.text
    assert "CSRF token missing.): /m/<str:code>/" in caplog.text
    assert "secret" not in caplog.text


def test_a_store_that_is_away_is_logged_without_the_address(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("no connection")

    monkeypatch.setattr("meetings.services.sharing.open_link", away)
    assert Client(raise_request_exception=False).get("/shared/a-secret-token/").status_code == 503
    assert "Service Unavailable: /shared/<str:token>/" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("odd", ["short", "x" * 65, "with space in it", "line=break;injected", "<script>alert"])
def test_an_id_that_is_none_is_replaced(odd: str) -> None:
    assert Client().get("/health", headers={"X-Request-ID": odd}).headers["X-Request-ID"] != odd


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_FORMAT", "xml"),
        ("LATENCY_LIMIT_MS", "0"),
        ("LATENCY_LIMIT_MS", "soon"),
        ("LATENCY_LIMIT_MS", "60001"),
        ("METRICS_TOKEN", "too-short"),
        ("METRICS_TOKEN", "with a space inside"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(name: str, value: str) -> None:
    stores = {"DATABASE_URL": "postgresql://a", "REDIS_URL": "redis://a"}
    with pytest.raises(ConfigurationError, match=name):
        read_environment({**stores, name: value})


def test_a_connection_that_does_not_end_is_logged_without_its_address() -> None:
    message = "Application instance %r for connection %s took too long to shut down and was killed."
    connection = "<WebSocketProtocol client=['127.0.0.1', 40000] path=b'/ws/meetings/a-join-code/'>"
    daphne = logging.getLogger("daphne.server")
    made = daphne.makeRecord(daphne.name, logging.WARNING, "", 0, message, ("<Task>", connection), None)
    assert daphne.filter(made)
    assert made.getMessage().endswith("for connection WebSocketProtocol took too long to shut down and was killed.")
