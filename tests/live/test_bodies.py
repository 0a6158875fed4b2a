"""What a web process does with large bodies, asked over real connections."""

import errno
import io
import json
import random
import re
import secrets
import socket
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from twisted.internet.testing import StringTransport
from twisted.web.http import HTTPChannel

from config.handshakes import LinedRequest
from tests.people import Person
from tests.stack import Stack

MEGABYTE = 1_000_000
UntypedWire: Any = StringTransport
UntypedChannel: Any = HTTPChannel


@pytest.fixture(scope="module")
def token(site: Stack) -> str:
    return token_with(site, "jobs")


def token_with(site: Stack, scope: str) -> str:
    person = Person(site.base_url)
    person.sign_up(f"Ada {secrets.token_hex(4)}")
    page = person.submit("/accounts/tokens/", name="Bot", scopes=[scope], days="30")
    found = re.search(r"mtx_[\w-]{40,}", page.text)
    assert found, page.text
    return found[0]


def memory_mb(site: Stack) -> float:
    """That is the process's own: not the pages of files."""
    status = Path(f"/proc/{site.running['web'].pid}/status").read_text()
    found = re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1]) / 1_000


@contextmanager
def measured(site: Stack) -> Iterator[list[float]]:
    """The memory while something is done, read again and again."""
    seen, done = [memory_mb(site)], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            seen.append(memory_mb(site))

    watching = threading.Thread(target=watch)
    watching.start()
    yield seen
    done.set()
    watching.join()


def noise(size: int) -> bytes:
    """A recording of half an hour."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, 16_000, 0, "NONE", ""))
        written.writeframes(random.Random(1).randbytes(size))
    return file.getvalue()


def test_a_large_file_is_not_held_in_memory(site: Stack, token: str) -> None:
    files = {"file": ("talk.wav", noise(60 * MEGABYTE))}
    headers = {"Authorization": f"Bearer {token}"}
    with measured(site) as seen:
        answer = httpx.post(f"{site.base_url}/v1/stt/jobs", files=files, headers=headers, timeout=120)
    assert answer.status_code == httpx.codes.ACCEPTED
    assert max(seen) - seen[0] < 40
    stored = site.folder / "recordings" / f"{answer.json()['job_id']}.upload"
    assert stored.read_bytes() == files["file"][1]


def refused(site: Stack, head: str, *body: bytes) -> tuple[str, bytes]:
    """The head and body of what the server says to a request that is never finished."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall(f"{head}\r\nHost: 127.0.0.1:{site.port}\r\n\r\n".encode())
        for piece in body:
            wire.sendall(piece)
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    headers, _, content = answer.partition(b"\r\n\r\n")
    return headers.decode(), content


@pytest.mark.parametrize(
    "head",
    [
        "POST /v1/stt/jobs HTTP/1.1\r\nContent-Length: 600000000",
        "POST /v1/stt/jobs?x=1 HTTP/1.1\r\nContent-Length: 99999999999999\r\nExpect: 100-continue",
        "PUT /api/v1/recordings/x/chunks/0 HTTP/1.1\r\nContent-Length: 2700000",
        "POST /accounts/login/ HTTP/1.1\r\nContent-Length: 500000000",
    ],
)
def test_a_body_that_is_too_large_is_refused_before_it_comes(site: Stack, head: str) -> None:
    headers, content = refused(site, head)
    assert headers.startswith("HTTP/1.1 413 ")
    assert "Content-Type: application/problem+json" in headers
    assert json.loads(content)["code"] == "too_large"


def test_a_body_of_unsaid_length_is_refused_when_it_is_too_large(site: Stack) -> None:
    piece = b"%x\r\n%s\r\n" % (500_000, bytes(500_000))
    headers, _ = refused(site, "POST /accounts/login/ HTTP/1.1\r\nTransfer-Encoding: chunked", *[piece] * 8)
    assert headers.startswith("HTTP/1.1 413 ")


def test_who_sends_all_the_same_reads_why_it_is_refused(site: Stack) -> None:
    answer = httpx.post(f"{site.base_url}/api/v1/meetings", content=bytes(20 * MEGABYTE), timeout=20)
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert httpx.get(f"{site.base_url}/health").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "head",
    [
        "POST /v1/stt/jobs HTTP/1.1\r\nContent-Length: 400000000",
        "POST /v1/stt/jobs?x=1 HTTP/1.1\r\nContent-Length: 400000000\r\nExpect: 100-continue",
        "POST /v1/stt/jobs HTTP/1.1\r\nTransfer-Encoding: chunked",
        "PUT /api/v1/recordings/x/chunks/0 HTTP/1.1\r\nContent-Length: 2000000",
    ],
)
@pytest.mark.parametrize("shown", ["", "\r\nAuthorization: Bearer mtx_wrong", "\r\nAuthorization: Basic eDp5"])
def test_who_may_not_upload_is_told_before_the_body_comes(site: Stack, head: str, shown: str) -> None:
    headers, content = refused(site, head + shown)
    assert headers.startswith("HTTP/1.1 401 ")
    assert "WWW-Authenticate: Bearer" in headers
    assert json.loads(content)["code"] == "unauthorized"


def test_a_token_without_the_scope_is_refused_before_the_body_comes(site: Stack) -> None:
    shown = f"Authorization: Bearer {token_with(site, 'meetings:read')}"
    headers, content = refused(site, f"POST /v1/stt/jobs HTTP/1.1\r\nContent-Length: 400000000\r\n{shown}")
    assert headers.startswith("HTTP/1.1 403 ")
    assert json.loads(content)["code"] == "scope_missing"


def test_who_waits_for_a_word_with_the_body_gets_it(site: Stack, token: str) -> None:
    head = f"POST /v1/stt/jobs HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nAuthorization: Bearer {token}\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall(f"{head}Content-Length: 400000\r\nExpect: 100-continue\r\n\r\n".encode())
        assert wire.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_a_short_body_of_unsaid_length_is_answered_like_any_other(site: Stack, token: str) -> None:
    answer = httpx.post(
        f"{site.base_url}/v1/stt/jobs", content=iter([b"{}"]), headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE


def test_a_disk_that_takes_no_more_of_a_body_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twisted.web.http._getContentFile", lambda length: Mock(write=no_room, tell=lambda: 0))
    monkeypatch.setattr("config.bodies.reactor", Mock())
    wire, channel = UntypedWire(), UntypedChannel()
    monkeypatch.setattr(StringTransport, "loseWriteConnection", Mock(), raising=False)
    channel.requestFactory = lambda channel, _number: LinedRequest(channel)
    channel.factory = Mock()
    channel.transport = wire
    channel.connectionMade()
    channel.dataReceived(b"POST /accounts/login/ HTTP/1.1\r\nContent-Length: 500000\r\n\r\n" + bytes(1_000))
    assert wire.value().startswith(b"HTTP/1.1 507 Insufficient Storage\r\n")


def no_room(_data: bytes) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
