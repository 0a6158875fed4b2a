"""What a web process does with large bodies, asked over real connections."""

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

import httpx
import pytest

from tests.people import Person
from tests.stack import NewStack, Stack

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_web()
    return stack


@pytest.fixture(scope="module")
def token(site: Stack) -> str:
    person = Person(site.base_url)
    person.sign_up(f"Ada {secrets.token_hex(4)}")
    page = person.submit("/accounts/tokens/", name="Bot", scopes=["jobs"], days="30")
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
