"""SIGTERM under Daphne: readiness goes, pages are told to come back (close code 1012), open requests are answered, and
the server stops.
"""

import asyncio
import signal
import threading
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor as _reactor

from meetings.draining import drain
from meetings.protocol.refusals import CloseCode

GRACE_SECONDS = 1.0  # for the closes to leave and for a load balancer to see that we are not ready
LONGEST_SECONDS = 25.0  # that open requests may take then; compose kills after 30
CHECK_SECONDS = 0.1
reactor: Any = _reactor


class ClosingProtocol(WebSocketProtocol):
    """Autobahn lets applications close with 1000 and 3000–4999 only; a server that restarts says 1012.

    A frame of 1 MiB or text that is not UTF-8 is closed with 1009 or 1007, not dropped without a word.
    """

    def connectionMade(self) -> None:  # noqa: N802  (Twisted's name)
        super().connectionMade()
        self.failByDrop = False

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802  (Daphne's name)
        if code == CloseCode.RESTARTING:
            self.sendCloseFrame(code=int(code), isReply=False)
        else:
            super().serverClose(code)


class Listening:
    """Daphne's server and its ports, which it forgets."""

    def __init__(self) -> None:
        self._servers: list[Any] = []
        self._ports: list[Any] = []

    def add(self, server: Any, port: Any) -> None:
        self._servers.append(server)
        self._ports.append(port)

    def end(self) -> None:
        """Nobody new comes."""
        for port in self._ports:
            port.stopListening()

    def has_open_requests(self) -> bool:
        """Also those whose bodies still come; not those that became WebSockets."""
        return any(
            isinstance(one, WebRequest) and "disconnected" not in details
            for server in self._servers
            for one, details in server.connections.items()
        )


listening = Listening()


def stop_gently() -> None:
    """Take SIGTERM over from Twisted, once it has installed its own handler."""
    WebSocketFactory.protocol = ClosingProtocol
    Server.listen_success = _listens
    if threading.current_thread() is threading.main_thread():
        reactor.callLater(0, signal.signal, signal.SIGTERM, lambda *_: reactor.callFromThread(_stop))


def _listens(server: Any, port: Any) -> None:
    listening.add(server, port)


def _stop() -> None:
    if drain.started:
        return
    goodbye = asyncio.ensure_future(drain.start())
    reactor.callLater(GRACE_SECONDS, _halt, goodbye)


def _halt(goodbye: "asyncio.Future[None]") -> None:
    goodbye.cancel()
    listening.end()
    _stop_when_answered(reactor.seconds() + LONGEST_SECONDS)


def _stop_when_answered(until: float) -> None:
    if listening.has_open_requests() and reactor.seconds() < until:
        reactor.callLater(CHECK_SECONDS, _stop_when_answered, until)
    else:
        reactor.stop()
