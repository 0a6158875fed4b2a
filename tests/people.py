"""People who use the running product as a browser does: forms with CSRF tokens, sockets with cookies and origin."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from meetings.protocol.frames import AudioFrame, encode_frame

FRAME_SAMPLES = 1_600
SIGN_OF_LIFE_SECONDS = 3.0


class Person:
    """One browser profile without a browser."""

    def __init__(self, base_url: str, languages: str = "en") -> None:
        self.base_url = base_url
        self.headers = {"Accept-Language": languages}
        self.pages = httpx.Client(base_url=base_url, follow_redirects=True, timeout=20, headers=self.headers)

    def submit(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """Open a page and send its form."""
        page = self.pages.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, f"no form at {path}: {page.status_code}"
        data: dict[str, str | list[str]] = {"csrfmiddlewaretoken": token[1], **fields}
        return self.pages.post(path, data=data, headers={"Referer": f"{self.base_url}{path}"})

    def sign_up(self, name: str) -> None:
        password = "a-long-enough-phrase-1"
        email = f"{name.lower().replace(' ', '.')}@example.org"
        answer = self.submit(
            "/accounts/signup/", email=email, display_name=name, password1=password, password2=password
        )
        assert answer.status_code == httpx.codes.OK, answer.text

    def start_meeting(self, title: str, **fields: str) -> str:
        """Create a meeting and pass its lobby; returns its join code."""
        fields = {"title": title, "language": "", "agenda": "", "time_zone": "Europe/Berlin", **fields}
        answer = self.submit("/meetings/new/", **fields)
        code = re.match(r".*/m/([^/]+)/", str(answer.url))
        assert code, answer.url
        self.submit(f"/m/{code[1]}/", consent="on", audio=fields.get("keep_audio", ""))
        return code[1]

    def join(self, code: str, name: str) -> None:
        answer = self.submit(f"/m/{code}/", display_name=name, consent="on")
        assert answer.status_code == httpx.codes.OK, answer.text

    def end(self, code: str) -> None:
        token = self.pages.cookies["csrftoken"]
        answer = self.pages.post(
            f"/m/{code}/end/", data={"csrfmiddlewaretoken": token}, headers={"Referer": self.base_url}
        )
        assert answer.status_code == httpx.codes.OK, answer.text

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator["Socket"]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.pages.cookies.items())
        url = f"{self.base_url.replace('http', 'ws', 1)}{path}"
        async with connect(
            url, origin=Origin(self.base_url), additional_headers={"Cookie": cookies, **self.headers}, max_size=None
        ) as wire:
            yield Socket(wire)

    def room(self, code: str) -> Any:
        return self.socket(f"/ws/meetings/{code}/")

    def audio(self, code: str) -> Any:
        return self.socket(f"/ws/meetings/{code}/audio/")


class Socket:
    """A socket that keeps everything it received."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self.received: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        await self.wire.send(json.dumps(message))

    async def send_frame(self, first_sample: int, pcm: bytes) -> None:
        await self.wire.send(encode_frame(AudioFrame(first_sample, 0, pcm)))

    async def speak(self, pcm: bytes) -> None:
        """PCM16 at 16 kHz as a microphone sends it: a frame every tenth of a second."""
        began = time.monotonic()
        attending = asyncio.create_task(self.attend(), name="who speaks")
        for number, at in enumerate(range(0, len(pcm), 2 * FRAME_SAMPLES)):
            await asyncio.sleep(max(0.0, began + number / 10 - time.monotonic()))
            await self.send_frame(number * FRAME_SAMPLES, pcm[at : at + 2 * FRAME_SAMPLES])
        attending.cancel()
        await asyncio.wait([attending])

    async def attend(self) -> None:
        """As an open page: read all that comes, with a sign of life now and then; until it is cancelled."""
        while True:
            pongs = [message["n"] for message in self.received if message["type"] == "pong"]
            await self.say(type="ping", echo=pongs[-1] if pongs else 0)
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGN_OF_LIFE_SECONDS):
                    while True:
                        self.received.append(json.loads(await self.wire.recv()))

    async def expect(
        self, kind: str, seconds: float = 20.0, where: Callable[[dict[str, Any]], bool] = lambda message: True
    ) -> dict[str, Any]:
        """The next message of a type (for which `where` holds); raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                message: dict[str, Any] = json.loads(await self.wire.recv())
                self.received.append(message)
                if message["type"] == kind and where(message):
                    return message

    async def closed(self, seconds: float = 20.0) -> int:
        """Wait for the server's close; returns its code."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(seconds):
                while True:
                    self.received.append(json.loads(await self.wire.recv()))
        assert self.wire.close_code is not None
        return self.wire.close_code


def numbered(first_sample: int, count: int = FRAME_SAMPLES) -> bytes:
    """Samples that carry their own number, for the scripted engine."""
    return (np.arange(first_sample, first_sample + count) % 30_000 + 1).astype("<i2").tobytes()
