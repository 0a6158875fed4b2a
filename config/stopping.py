"""SIGTERM under Daphne: readiness goes, pages are told to come back (close code 1012), then the server stops."""

import asyncio
import signal
import threading
from typing import Any

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor as _reactor

from meetings.draining import drain
from meetings.protocol.refusals import CloseCode

GRACE_SECONDS = 1.0  # for the closes to leave and for a load balancer to see that we are not ready
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


def stop_gently() -> None:
    """Take SIGTERM over from Twisted, once it has installed its own handler."""
    WebSocketFactory.protocol = ClosingProtocol
    if threading.current_thread() is threading.main_thread():
        reactor.callLater(0, signal.signal, signal.SIGTERM, lambda *_: reactor.callFromThread(_stop))


def _stop() -> None:
    if drain.started:
        return
    goodbye = asyncio.ensure_future(drain.start())
    reactor.callLater(GRACE_SECONDS, _halt, goodbye)


def _halt(goodbye: "asyncio.Future[None]") -> None:
    goodbye.cancel()
    reactor.stop()
