"""ENGINE=openai through the whole product: a page speaks, a server of OpenAI's protocol hears, captions come back."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.people import FRAME_SAMPLES, Person, Socket
from tests.speech import three_voices, word_error_rate
from tests.stack import ROOT, NewStack, free_port
from transcription.captions import SAMPLE_RATE

KEY = "sk-only-for-tests"


@contextmanager
def whisper_server(port: int, log: Path) -> Iterator[str]:
    """This project's Whisper behind OpenAI's protocol, in a process of its own."""
    command = [sys.executable, "-m", "tests.transcription_server", str(port), "tiny.en", KEY]
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=output, stderr=output)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


async def until_up(url: str) -> None:
    async with asyncio.timeout(120):
        while not await asyncio.to_thread(answers, url):
            await asyncio.sleep(0.2)


def answers(url: str) -> bool:
    try:
        return bool(httpx.get(url).status_code)
    except httpx.TransportError:
        return False


@asynccontextmanager
async def alive(socket: Socket) -> AsyncIterator[None]:
    """Reads what comes and sends a page's pings."""

    async def read() -> None:
        with suppress(TimeoutError):
            await socket.expect("nothing like it", seconds=600)

    async def beat() -> None:
        while True:
            seen = max((message["n"] for message in socket.received if message["type"] == "pong"), default=0)
            await socket.say(type="ping", echo=seen)
            await asyncio.sleep(2.0)

    tasks = [asyncio.create_task(read()), asyncio.create_task(beat())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)


async def speak(audio: Socket, pcm: bytes, start: int) -> int:
    """A microphone's frames from sample `start` on, a little faster than real time; returns the next sample."""
    for first in range(0, len(pcm) // 2, FRAME_SAMPLES):
        await audio.send_frame(start + first, pcm[2 * first : 2 * (first + FRAME_SAMPLES)])
        await asyncio.sleep(0.07)
    return start + len(pcm) // 2


def shown(room: Socket) -> str:
    """All final captions so far."""
    return " ".join(message["text"] for message in room.received if message["type"] == "caption.final")


def condition(room: Socket) -> str:
    return next((str(m["transcriber"]) for m in reversed(room.received) if m["type"] == "status"), "")


@pytest.mark.timeout(280)
async def test_captions_come_from_the_server_and_wait_while_it_is_away(new_stack: NewStack, tmp_path: Path) -> None:
    voice = min(three_voices(), key=lambda voice: len(voice.text))
    said = voice.utterances[0]
    spoken = voice.samples[int((said.start - 0.5) * SAMPLE_RATE) : int((said.end + 1.0) * SAMPLE_RATE)]
    pcm, length = (np.clip(spoken, -1, 1) * 32_767).astype("<i2").tobytes(), 0.9 * len(said.text.split())
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    stack = new_stack(ENGINE="openai", MODEL="tiny.en", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=url)
    stack.start_web()
    host = Person(stack.base_url)
    await asyncio.to_thread(host.sign_up, "Ada")
    code = await asyncio.to_thread(host.start_meeting, "Far away", language="en")
    async with host.room(code) as room, host.audio(code) as audio:
        await room.say(type="hello")
        await audio.say(type="audio.start", sample_rate=SAMPLE_RATE, encoding="pcm16")
        await audio.expect("audio.ready")
        async with alive(room), alive(audio):
            with whisper_server(port, tmp_path / "first.log"):
                await until_up(url)
                stack.start_transcriber()
                await until(lambda: condition(room) == "ready")
                end = await speak(audio, pcm, 0)
                await until(lambda: len(shown(room).split()) >= length)
            assert any(message["type"] == "caption.partial" and message["text"] for message in room.received)
            assert word_error_rate(said.text, shown(room)) < 0.3
            await speak(audio, pcm, end)
            await until(lambda: condition(room) == "away")
            with whisper_server(port, tmp_path / "second.log"):
                await until(lambda: len(shown(room).split()) >= 2 * length)
                await until(lambda: condition(room) == "ready")
            assert word_error_rate(f"{said.text} {said.text}", shown(room)) < 0.3
    assert KEY not in stack.log("transcriber")
