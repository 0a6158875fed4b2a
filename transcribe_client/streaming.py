"""One session on `/v1/stt/stream`: audio up, text down, over as many connections as it takes."""

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from transcribe_client.audio import RATE
from transcribe_client.backlog import Backlog, BacklogFull, Chunk
from transcribe_client.errors import ClientError, Exit

AHEAD = 10 * RATE  # samples that may be on their way unacknowledged
FIRST_ATTEMPTS = 3
GIVE_UP_SECONDS = 120.0  # without any connection
LATE_MS = 500  # audio older than this says so, so that what was off the record stays so
OVER = 4410
FINAL_CODES = {
    4401: Exit.NOT_ALLOWED, 4403: Exit.NOT_ALLOWED, 4405: Exit.NOT_ALLOWED, 4404: Exit.NOT_FOUND, OVER: Exit.NOT_FOUND,
    4400: Exit.REFUSED, 4409: Exit.REFUSED, 4413: Exit.REFUSED,
}  # fmt: skip


class Shown(Protocol):
    def show(self, event: Mapping[str, Any]) -> None: ...
    def note(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to stream, as the command line says."""

    server: str
    token: str
    meeting: str = ""
    language: str = ""
    words: bool = False


class Broken(Exception):
    """The connection ended; another may do."""

    def __init__(self, *, was_ready: bool) -> None:
        super().__init__()
        self.was_ready = was_ready


class Session:
    """`waits`: the audio can wait for the server, as a file does and a microphone cannot."""

    def __init__(self, wanted: Wanted, screen: Shown, *, waits: bool) -> None:
        self._wanted = wanted
        self._screen = screen
        self._waits = waits
        self._backlog = Backlog()
        self._session_id = ""
        self._last_final = 0  # segment id
        self._refusal = ""  # what the server said before it closed
        self._heard_all = self._flushing = False
        self._news = asyncio.Event()  # there is something to send, or room for it
        self._acknowledged = asyncio.Event()

    async def run(self, audio: AsyncIterator[bytes]) -> Mapping[str, Any]:
        """Until all of `audio` is text; returns the summary. Raises ClientError."""
        listening = asyncio.create_task(self._listen(audio), name="listen")
        talking = asyncio.create_task(self._talk(), name="talk")
        try:
            done, _ = await asyncio.wait({listening, talking}, return_when=asyncio.FIRST_COMPLETED)
            if listening in done and talking not in done:
                await listening  # raises what stopped it
            return await talking
        finally:
            for task in (listening, talking):
                task.cancel()
            await asyncio.gather(listening, talking, return_exceptions=True)

    def finish(self) -> None:
        """No more audio comes: flush what is there."""
        self._heard_all = True
        self._news.set()
        self._acknowledged.set()

    async def _listen(self, audio: AsyncIterator[bytes]) -> None:
        try:
            async for pcm in audio:
                while self._waits and self._backlog.waiting > AHEAD and not self._heard_all:
                    self._acknowledged.clear()
                    await self._acknowledged.wait()
                if self._heard_all:
                    break
                self._backlog.add(pcm)
                self._news.set()
        except BacklogFull:
            raise ClientError(Exit.UNREACHABLE, "ten minutes of speech wait for the server: gave up") from None
        self.finish()

    async def _talk(self) -> Mapping[str, Any]:
        clock = asyncio.get_running_loop()
        attempt, connected_at = 0, clock.time()
        while True:
            try:
                return await self._connection()
            except Broken as broken:
                if broken.was_ready:
                    attempt, connected_at = 0, clock.time()
                never_there = not self._session_id and attempt >= FIRST_ATTEMPTS - 1
                if never_there or clock.time() - connected_at > GIVE_UP_SECONDS:
                    reason = self._refusal or f"no answer from {self._wanted.server}"
                    raise ClientError(Exit.UNREACHABLE, reason) from broken
            self._screen.note("reconnecting…")
            await asyncio.sleep(random.uniform(0.1, min(8.0, 0.5 * 2**attempt)))
            attempt += 1

    async def _connection(self) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self._wanted.token}"}
        ready = False
        try:
            async with connect(self._url(), additional_headers=headers, max_size=None, open_timeout=10) as wire:
                position = await self._ready(wire)
                ready = True
                sending = asyncio.create_task(self._send(wire, position), name="send")
                try:
                    summary = await self._receive(wire)
                    if not self._flushing:
                        self._screen.note("the meeting was ended")
                    return summary
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code == OVER and self._session_id:  # the summary was lost with the connection before
                return {"type": "summary", "complete": False}
            if code in FINAL_CODES:
                raise ClientError(FINAL_CODES[code], self._refusal or f"the server closed with {code}") from closed
        except InvalidURI as error:
            raise ClientError(Exit.USAGE, f"{self._wanted.server} is no address of a server") from error
        except (OSError, InvalidHandshake, TimeoutError):
            pass
        raise Broken(was_ready=ready)

    def _url(self) -> str:
        wanted = self._wanted
        asked = {"language": wanted.language, "session_id": self._session_id, "words": "1" if wanted.words else ""}
        if self._session_id:
            asked["after"] = str(self._last_final)
        else:
            asked["meeting"] = wanted.meeting
        if wanted.meeting:
            asked["everybody"] = "1"
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{wanted.server.replace('http', 'ws', 1).rstrip('/')}/v1/stt/stream?{query}"

    async def _ready(self, wire: ClientConnection) -> int:
        while True:
            event = self._noted(json.loads(await wire.recv()))
            if event["type"] == "ready":
                self._session_id = event["session_id"]
                return int(event["next_sample"])

    async def _receive(self, wire: ClientConnection) -> Mapping[str, Any]:
        while True:
            event = self._noted(json.loads(await wire.recv()))
            if event["type"] == "summary":
                return event

    def _noted(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        if event["type"] in {"ready", "ack"}:
            self._backlog.acknowledge(int(event["next_sample"]))
            self._news.set()
            self._acknowledged.set()
        elif event["type"] == "final":
            self._last_final = int(event["segment_id"])
        elif event["type"] == "error":
            self._refusal = str(event["message"])
        self._screen.show(event)
        return event

    async def _send(self, wire: ClientConnection, position: int) -> None:
        """From where the server is; never far beyond what it acknowledged. Ends with the flush."""
        while True:
            self._news.clear()
            for chunk in self._backlog.after(position):
                if chunk.end_sample - self._backlog.acknowledged > AHEAD:
                    break
                await wire.send(_message(chunk))
                position = chunk.end_sample
            if self._heard_all and position >= self._backlog.end:
                break
            try:
                async with asyncio.timeout(20):
                    await self._news.wait()
            except TimeoutError:
                await wire.send('{"type": "keep_alive"}')
        self._flushing = True
        await wire.send('{"type": "close"}')


def _message(chunk: Chunk) -> bytes | str:
    """Bare PCM16 while it is fresh."""
    if chunk.age_ms < LATE_MS:
        return chunk.pcm
    text = base64.b64encode(chunk.pcm).decode()
    return json.dumps({"type": "audio", "chunk": text, "age_ms": chunk.age_ms})
