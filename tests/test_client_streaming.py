"""The command line and a server that is slow: a file waits for it, and nothing of it is lost."""

import asyncio
import json
import time
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from transcribe_client import audio, backlog, streaming
from transcribe_client.errors import ClientError
from transcribe_client.streaming import Session, Wanted

CHUNKS = 60
SAMPLES = 1_600


class Silent:
    """Shows nothing."""

    def show(self, event: Mapping[str, Any]) -> None: ...
    def note(self, text: str) -> None: ...


class SlowServer:
    """Acknowledges a chunk now and then; keeps what it got."""

    def __init__(self) -> None:
        self.heard = b""
        self.acknowledged = 0

    async def __call__(self, wire: ServerConnection) -> None:
        await self._say(wire, type="ready", session_id="s")
        acknowledging = asyncio.create_task(self._acknowledge(wire))
        async for message in wire:
            if isinstance(message, bytes):
                self.heard += message
            elif json.loads(message)["type"] == "close":
                await self._say(wire, type="summary", complete=True)
        acknowledging.cancel()

    async def _acknowledge(self, wire: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(0.01)
                if self.acknowledged < len(self.heard) // 2:
                    self.acknowledged += SAMPLES
                    await self._say(wire, type="ack")

    async def _say(self, wire: ServerConnection, **event: Any) -> None:
        await wire.send(json.dumps({"next_sample": self.acknowledged, **event}))


class Audio:
    """Numbered chunks, as fast as they are taken."""

    async def chunks(self) -> AsyncIterator[bytes]:
        for number in range(CHUNKS):
            yield number.to_bytes(2, "little") * SAMPLES
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for ten chunks, five of them on their way."""
    monkeypatch.setattr(backlog, "MAX_SAMPLES", 10 * SAMPLES)
    monkeypatch.setattr(streaming, "AHEAD", 5 * SAMPLES)


async def streamed(server: SlowServer, file: Audio, *, waits: bool) -> Mapping[str, Any]:
    async with serve(server, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        session = Session(Wanted(f"http://127.0.0.1:{port}", "mtx"), Silent(), waits=waits)
        async with asyncio.timeout(30):
            return await session.run(file.chunks())


async def test_a_file_waits_for_a_slow_server() -> None:
    server = SlowServer()
    summary = await streamed(server, Audio(), waits=True)
    assert summary["complete"]
    assert server.heard == b"".join(number.to_bytes(2, "little") * SAMPLES for number in range(CHUNKS))


async def test_a_microphone_does_not_wait() -> None:
    with pytest.raises(ClientError, match="gave up"):
        await streamed(SlowServer(), Audio(), waits=False)


async def test_a_file_that_had_to_wait_does_not_hurry_after_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "LATE_SECONDS", 0.05)
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 3 * 16_000))
    chunks = audio.from_file(tmp_path / "speech.wav", 10.0)
    await anext(chunks)
    await asyncio.sleep(0.5)  # longer than the rest of it takes
    began = time.monotonic()
    assert len([chunk async for chunk in chunks]) == 29
    assert time.monotonic() - began > 0.2
