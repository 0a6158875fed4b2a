"""Bodies of requests: too large a one is refused before it is stored, and a large one is never held in memory."""

import mmap
from http import HTTPStatus
from io import SEEK_END
from typing import IO, Any

from daphne import http_protocol
from django.conf import settings
from twisted.internet import reactor as _reactor

from meetings.api.problems import Problem
from meetings.services import batches

LARGEST = {b"/v1/stt/jobs": batches.MAX_BYTES + 1_000_000}  # the file, and the form around it
IN_MEMORY = 1_000_000
LINGER_SECONDS = 5.0  # in which a client that still sends may read why it is refused
reactor: Any = _reactor


class Pieces:
    """A file whose pieces are views of its pages: Daphne reads all of them before any is needed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pages = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._at = 0

    @property
    def closed(self) -> bool:
        return self._file.closed

    def seek(self, offset: int, _whence: int = 0) -> None:
        self._at = offset

    def read(self, size: int) -> memoryview:
        piece = self._pages[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


class BoundedRequest(http_protocol.WebRequest):
    """A request whose body has a limit. Twisted would read forms as well, all at once; Django does it for us."""

    content: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._parsePOSTFormSubmission = False
        self._most = 0
        self._refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's name)
        """The headers are there."""
        super().gotLength(length)
        path = self.channel._path.partition(b"?")[0]  # noqa: SLF001  (the request has none yet)
        self._most = LARGEST.get(path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if length is not None and length > self._most:
            self._too_large()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  (Twisted's name)
        if not self._refused and self.content.tell() + len(data) > self._most:  # nobody said how long it is
            self._too_large()
        if not self._refused:
            super().handleContentChunk(data)

    def requestReceived(self, *request: bytes) -> None:  # noqa: N802  (Twisted's name)
        if self._refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(*request)

    def process(self) -> None:
        if self.content.seek(0, SEEK_END) > IN_MEMORY:
            self.content = Pieces(self.content)
        super().process()

    def _too_large(self) -> None:
        """Answer at once, and read on for a moment: who is cut off while sending may not see the answer."""
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")  # it is not asked to send
        detail = f"The body is too large: {self._most} bytes are the most here."
        answer = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail).response()
        status = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\nContent-Length: {len(answer.content)}\r\n"
        self.channel.write(status.encode() + b"Connection: close\r\n" + answer.serialize())
        self.channel.transport.loseWriteConnection()
        reactor.callLater(LINGER_SECONDS, self.channel.transport.abortConnection)
