"""Requests to addresses that people gave: never to a network that is not public, unless the operator allows it.

The name is resolved here, every address is checked, and the connection goes to an address that was checked: a name
that means another address a moment later leads nowhere else. Redirects are not followed, proxies are not asked.
"""

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore

Address = IPv4Address | IPv6Address
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 8.0
TRANSLATED = ip_network("64:ff9b::/96")  # an IPv4 address behind a translator (RFC 6052)


class AddressRefused(Exception):
    """The text says why this address is not called; it quotes nothing."""


class Unreachable(Exception):
    """Nobody answered there in time; the text says what happened."""


def check_url(url: str) -> None:
    """Refuse what is no plain address of a web server; raises AddressRefused. Looks nothing up."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("this is no address") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise AddressRefused("an address begins with https:// or http:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("an address holds no user name and no password")
    if not url.isascii() or any(character <= " " or character in '\\"<>^`{|}\x7f' for character in url):
        raise AddressRefused("an address holds no spaces and no special characters: write them as %20 and the like")


def is_allowed(address: Address, allowed: str) -> bool:
    """Whether it is public, or in one of the comma-separated networks (CIDR) of `allowed`."""
    networks = [ip_network(network.strip()) for network in allowed.split(",") if network.strip()]
    return all(
        (one.is_global and not one.is_multicast) or any(one in network for network in networks)
        for one in _meant(address)
    )


def _meant(address: Address) -> Iterable[Address]:
    """The address, or the IPv4 address that is reached by it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return [address.ipv4_mapped]
        if address.sixtofour:
            return [address.sixtofour]
        if address.teredo:
            return address.teredo
        if isinstance(TRANSLATED, IPv6Network) and address in TRANSLATED:
            return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses alone."""

    def __init__(self, allowed: str) -> None:
        self._allowed = allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the interface of httpcore)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(address, port, CONNECT_SECONDS, None, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise httpcore.ConnectError

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """All of them, checked: one that is refused spoils the name."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unreachable("the name is not known") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(is_allowed(ip_address(address.partition("%")[0]), self._allowed) for address in addresses):
            raise AddressRefused("the address leads into a private network")
        return addresses


async def post(url: str, body: bytes, headers: Mapping[str, str], allowed: str) -> int:
    """Send it and return the status of the answer, whose body is not read. Raises AddressRefused, Unreachable."""
    check_url(url)
    try:
        async with (
            asyncio.timeout(TOTAL_SECONDS),
            httpcore.AsyncConnectionPool(network_backend=CheckedNetwork(allowed)) as pool,
            pool.stream("POST", url, headers=list(headers.items()), content=body) as response,
        ):
            return int(response.status)
    except TimeoutError:
        raise Unreachable(f"no answer within {TOTAL_SECONDS:.0f} s") from None
    except (httpcore.NetworkError, httpcore.TimeoutException):
        raise Unreachable("nobody answers there, or not to TLS") from None
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise Unreachable("what answers there does not speak HTTP") from None
