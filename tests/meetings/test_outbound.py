"""Addresses that people give are called only where they lead to a public network, or to one that is allowed."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from meetings.outbound import AddressRefused, Unreachable, check_url, is_allowed, post


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_in_every_writing(address: str) -> None:
    assert not is_allowed(ip_address(address), "")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(ip_address(address), "")


def test_an_operator_can_allow_a_network_and_nothing_beside_it() -> None:
    allowed = "10.1.0.0/16, 127.0.0.1/32, fd00::/8"
    assert is_allowed(ip_address("10.1.2.3"), allowed)
    assert is_allowed(ip_address("::ffff:10.1.2.3"), allowed)
    assert is_allowed(ip_address("fd00::1"), allowed)
    assert not is_allowed(ip_address("10.2.0.1"), allowed)
    assert not is_allowed(ip_address("127.0.0.2"), allowed)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://", "https:///path", "http://[::1",
        "https://user:secret@example.org/", "https://example.org:99999/", "https://exa mple.org/",
        "https://example.org/\r\nX-Evil: 1", "https://exämple.org/", "gopher://127.0.0.1:6379/_FLUSHALL",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_web_server_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)


@asynccontextmanager
async def answering(answer: bytes, seconds: float = 0.0) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that says `answer` to everybody; its port and what it was sent."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(seconds)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
HERE = "127.0.0.1/32"


async def test_an_allowed_address_is_called_with_body_and_headers() -> None:
    async with answering(OK) as (port, heard):
        assert await post(f"http://127.0.0.1:{port}/hook?a=1", b"{}", {"Webhook-Id": "1"}, HERE) == 200
    assert heard[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\n")
    assert b"Webhook-Id: 1" in heard[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0177.0.0.1", "0x7f.1"])
async def test_this_machine_is_not_called_under_any_name(host: str) -> None:
    async with answering(OK) as (port, heard):
        with pytest.raises((AddressRefused, Unreachable)):
            await post(f"http://{host}:{port}/", b"{}", {}, "")
    assert heard == []


async def test_a_name_that_means_another_address_later_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once; it is that answer which is checked and called."""
    looked_up = []

    async def lookup(host: str, port: int, **_: object) -> list[object]:
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) == 1 else "127.0.0.66"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with answering(OK) as (port, heard):
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
        assert await post(f"http://rebind.example:{port}/", b"{}", {}, HERE) == 200
    assert looked_up == ["rebind.example"]
    assert b"Host: rebind.example" in heard[0]


async def test_one_private_address_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port)) for name in ("127.0.0.1", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    with pytest.raises(AddressRefused):
        await post("http://mixed.example/", b"{}", {}, HERE)


async def test_redirects_are_not_followed() -> None:
    async with answering(OK) as (inner, heard):
        redirect = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inner}/\r\nContent-Length: 0\r\n\r\n".encode()
        async with answering(redirect) as (port, _):
            assert await post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE) == 302
    assert heard == []


async def test_who_does_not_answer_or_not_as_a_web_server_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meetings.outbound.TOTAL_SECONDS", 0.5)
    async with answering(OK, seconds=5) as (port, _):
        with pytest.raises(Unreachable, match="no answer"):
            await post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE)
    async with answering(b"SSH-2.0-x\r\n\r\n") as (port, _):
        with pytest.raises(Unreachable, match="HTTP"):
            await post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE)
        with pytest.raises(Unreachable):
            await post(f"https://127.0.0.1:{port}/", b"{}", {}, HERE)
    with pytest.raises(Unreachable):
        await post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE)


async def test_an_endless_answer_is_not_read() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n" + b"x" * 100_000
    async with answering(endless) as (port, _):
        assert await post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE) == 200
