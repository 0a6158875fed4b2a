"""Errors and traces reach whoever an operator names, without what was said, by whom or where."""

import gzip
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
import psycopg
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from config.environment import ConfigurationError, read_environment
from config.observing import discreet, observe
from tests.people import Person
from tests.stack import NewStack, Stack
from transcription.log_ids import bind

STORES = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://a"}
UNPACK = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


class Collector(ThreadingHTTPServer):
    """Takes what Sentry and an OpenTelemetry collector would take."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Inbox)
        self.received: list[tuple[str, bytes]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def body(self, path: str, holding: bytes, seconds: float = 20.0) -> bytes:
        """All that came to a path, once it holds something."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            together = b"".join(body for at, body in self.received if at == path)
            if holding in together:
                return together
            time.sleep(0.1)
        raise AssertionError([(at, body[:60]) for at, body in self.received])


class Inbox(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = UNPACK[self.headers.get("Content-Encoding", "")](body)
        self.server.received.append((self.path, body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Not on the screen."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    server = Collector()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def site(new_stack: NewStack, collector: Collector) -> Stack:
    stack = new_stack(
        SENTRY_DSN=f"http://key@{collector.address}/1",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{collector.address}",
        OTEL_BSP_SCHEDULE_DELAY="200",
    )
    stack.start_web()
    return stack


def test_a_request_is_traced_by_the_pattern_of_its_address(site: Stack, collector: Collector) -> None:
    host = Person(site.base_url)
    host.sign_up(f"Host {secrets.token_hex(4)}")
    code = host.start_meeting("Budget")
    host.pages.get(f"/m/{code}/?from=a-secret-place", headers={"User-Agent": "curious/1"})
    sent = collector.body("/v1/traces", b"m/<str:code>/room/")
    assert b"transcription-web" in sent
    for private in (code, "a-secret-place", "curious/1", "127.0.0.1", "Budget"):
        assert private.encode() not in sent


def test_an_error_is_sent_with_its_place_and_nothing_else(site: Stack, collector: Collector) -> None:
    host = Person(site.base_url)
    host.sign_up(f"Host {secrets.token_hex(4)}")
    code = host.start_meeting("Budget")
    with psycopg.connect(site.database_url, autocommit=True) as database:
        database.execute("UPDATE meetings_meeting SET time_zone = 'Nowhere/At_All' WHERE code = %s", [code])
    answer = host.pages.get(f"/m/{code}/transcript/?from=a-secret-place")
    assert answer.status_code == 500
    sent = collector.body("/api/1/envelope/", b"ZoneInfoNotFoundError")
    assert b"/m/{code}/transcript/" in sent
    session = host.pages.cookies["sessionid"]
    for private in (code, "a-secret-place", session, "Budget"):
        assert private.encode() not in sent


def test_an_error_has_the_ids_of_its_log_lines() -> None:
    bind(meeting="42")
    event = {"request": {"method": "GET", "url": "https://a/m/code/", "cookies": {"a": "b"}}, "user": {"id": "1"}}
    sent = discreet(event, {})
    assert sent.pop("tags")["meeting"] == "42"
    assert sent == {"request": {"method": "GET"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"SENTRY_DSN": "sentry.example"},
        {"SENTRY_DSN": "https://sentry.example/1"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
    ],
)
def test_a_wrong_address_stops_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        read_environment({**STORES, **wrong})


@pytest.mark.parametrize(
    ("name", "value", "package"),
    [
        ("SENTRY_DSN", "https://key@sentry.example/1", "sentry_sdk"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "opentelemetry.exporter.otlp.proto.http"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "opentelemetry.exporter"),
    ],
)
def test_what_is_not_installed_stops_the_start(
    name: str, value: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError, match=f"^{name} .*make install-observability"):
        read_environment({**STORES, name: value})


def test_nothing_is_loaded_when_nobody_asks() -> None:
    observe(read_environment(STORES), "web")
    assert not isinstance(trace.get_tracer_provider(), TracerProvider)
