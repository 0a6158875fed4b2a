"""A web process that is told to stop answers what it was asked before, and nothing new."""

import signal
import socket
import time
from unittest.mock import Mock

import httpx
import pytest

from config import stopping
from tests.stack import NewStack, Stack


@pytest.fixture
def site(new_stack: NewStack) -> Stack:
    stack = new_stack()
    stack.start_web()
    return stack


def refuses(site: Stack) -> bool:
    try:
        httpx.get(f"{site.base_url}/health", timeout=5)
    except httpx.ConnectError:
        return True
    return False


def ended(site: Stack) -> bool:
    return site.running["web"].poll() is not None


def test_a_request_whose_body_still_comes_is_answered(site: Stack) -> None:
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nContent-Length: 300000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as wire:
        wire.sendall(head.encode() + bytes(100_000))
        site.signal("web", signal.SIGTERM)
        until = time.monotonic() + 20
        while not refuses(site):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert not ended(site)
        wire.sendall(bytes(200_000))
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert site.running["web"].wait(20) == 0


def test_one_that_asks_on_an_open_connection_is_answered_and_sent_away(site: Stack) -> None:
    head = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as wire:
        wire.sendall(head)
        assert b"connection: close" not in wire.recv(65_536).lower()
        with socket.create_connection(("127.0.0.1", site.port), timeout=30) as slow:
            slow.sendall(head[:-2])  # holds the process
            site.signal("web", signal.SIGTERM)
            while not refuses(site):
                time.sleep(0.1)
            wire.sendall(head)
            answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()


def test_who_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reactor = Mock(seconds=lambda: 100.0)
    monkeypatch.setattr(stopping, "reactor", reactor)
    monkeypatch.setattr(stopping, "listening", Mock(has_open_requests=lambda: True))
    stopping._stop_when_answered(101.0)
    reactor.stop.assert_not_called()
    reactor.callLater.assert_called_once()
    stopping._stop_when_answered(100.0)
    reactor.stop.assert_called_once()
