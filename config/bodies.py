"""Bodies of requests: too large a one is refused before it is stored, and a large one is never held in memory.

Who uploads for a program is asked for the token before the body is read.
"""

import asyncio
import mmap
from http import HTTPStatus
from io import SEEK_END
from typing import IO, Any

from daphne import http_protocol
from django.conf import settings
from django.db import DatabaseError
from twisted.internet import reactor as _reactor

from meetings.api.auth import Bearer, run_jobs
from meetings.api.problems import Problem
from meetings.consumers.bearer import shown_token
from meetings.database import in_database
from meetings.disk import is_full
from meetings.draining import drain
from meetings.services import batches

LARGEST = {b"/v1/stt/jobs": batches.MAX_BYTES + 1_000_000}  # the file, and the form around it
UPLOADS = {b"/v1/stt/jobs": run_jobs, b"/api/v1/recordings/": run_jobs}  # by what their path begins with
IN_MEMORY = 1_000_000
ASKED_FROM = 100_000  # bytes; Twisted puts such a body on the disk
RETRY_SECONDS = 5
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
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
        self._complete = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's name)
        """The headers are there."""
        super().gotLength(length)
        path = self.channel._path.partition(b"?")[0]  # noqa: SLF001  (the request has none yet)
        if drain.started:  # whoever keeps connections takes the next process
            self.channel.persistent = False
            self.responseHeaders.setRawHeaders(b"connection", [b"close"])
        self._most = LARGEST.get(path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        door = next((door for start, door in UPLOADS.items() if path.startswith(start)), None)
        if length is not None and length > self._most:
            self._too_large()
        elif door and (length is None or length >= ASKED_FROM):
            self._ask_first(door)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  (Twisted's name)
        if not self._refused and self.content.tell() + len(data) > self._most:  # nobody said how long it is
            self._too_large()
        if not self._refused:
            try:
                super().handleContentChunk(data)
                self.content.flush()
            except OSError as error:
                if not is_full(error):
                    raise
                self._end_with(Problem(HTTPStatus.INSUFFICIENT_STORAGE, "no_room", "The server's disk is full."))

    def requestReceived(self, *request: bytes) -> None:  # noqa: N802  (Twisted's name)
        self._complete = True
        if self._refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(*request)

    def process(self) -> None:
        if self.content.seek(0, SEEK_END) > IN_MEMORY:
            self.content = Pieces(self.content)
        super().process()

    def _ask_first(self, door: Bearer) -> None:
        """Nothing more of the body is read before its sender is known, who may wait with it for a word of ours."""
        expects = self.requestHeaders.hasHeader(b"expect")
        self.requestHeaders.removeHeader(b"expect")
        self.channel.transport.pauseProducing()
        self._asking = asyncio.ensure_future(self._ask(door, expects=expects))

    async def _ask(self, door: Bearer, *, expects: bool) -> None:
        refusal = await _refusal(door, self.requestHeaders.getRawHeaders(b"authorization", [b""])[0])
        if self.channel is None or self._complete:
            return
        self.channel.transport.resumeProducing()
        if self._refused:
            return
        if refusal is not None:
            self._end_with(refusal)
        elif expects:
            self.channel.write(CONTINUE)

    def _too_large(self) -> None:
        detail = f"The body is too large: {self._most} bytes are the most here."
        self._end_with(Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail))

    def _end_with(self, problem: Problem) -> None:
        """Answer at once, and read on for a moment: who is cut off while sending may not see the answer."""
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")  # it is not asked to send
        answer = problem.response()
        status = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\nContent-Length: {len(answer.content)}\r\n"
        self.channel.write(status.encode() + b"Connection: close\r\n" + answer.serialize())
        self.channel.transport.loseWriteConnection()
        reactor.callLater(LINGER_SECONDS, self.channel.transport.abortConnection)


async def _refusal(door: Bearer, header: bytes) -> Problem | None:
    """Why the holder of this token may not upload; None where they may."""
    try:
        await in_database(door.admit, shown_token({"headers": [(b"authorization", header)]}))
    except Problem as refusal:
        return refusal
    except DatabaseError:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "service_unavailable", "A store is away.", headers=headers)
    return None
