"""A transcription server that speaks OpenAI's protocol, for tests: scripted inside a test, or this project's Whisper.

`python -m tests.transcription_server PORT MODEL KEY` serves real text from a process of its own.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from wave import open as open_wave

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import EngineSettings, Window

PATH = "/v1/audio/transcriptions"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked: `fields` may come several times."""

    headers: dict[str, str]
    fields: dict[str, list[str]]
    pcm: bytes  # 16 kHz mono; a test fails on anything else

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Answer:
    body: Any  # JSON, or bytes as they are
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Request], Answer]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    script: Script


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.script(self._parse(body)) if self.path == PATH else Answer({}, 404)
        raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _parse(self, body: bytes) -> Request:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields: dict[str, list[str]] = {}
        pcm = b""
        for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            if part.get_filename():
                pcm = _samples(content)
            else:
                name = str(part.get_param("name", header="content-disposition"))
                fields.setdefault(name, []).append(content.decode())
        return Request(dict(self.headers), fields, pcm)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


def _samples(wav: bytes) -> bytes:
    with open_wave(BytesIO(wav)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (SAMPLE_RATE, 1, 2)
        frames: bytes = sound.readframes(sound.getnframes())
        return frames


@contextmanager
def serving(script: Script, port: int = 0) -> Iterator[str]:
    """The URL to give a client, while it serves."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.script = script
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def whisper(model: str, key: str) -> Script:
    """Answers with what this project's own Whisper hears, in the shape that OpenAI gives it."""
    from transcription.engines.whisper import WhisperEngine

    engine, one_at_a_time = WhisperEngine(EngineSettings(model)), threading.Lock()

    def answer(request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {key}":
            return Answer({"error": {"message": f"Incorrect API key provided: {key}"}}, 401)
        window = Window(request.pcm, final=True, language=request.fields.get("language", [""])[0])
        with one_at_a_time:
            [found] = engine.decode([window])
        bare = [word.text.strip(".,?!") for word in found.words]  # OpenAI's words come without punctuation
        words = [
            {"word": text, "start": word.start / SAMPLE_RATE, "end": word.end / SAMPLE_RATE}
            for text, word in zip(bare, found.words, strict=True)
        ]
        text = " ".join(found.texts)
        segment = {"id": 0, "text": text, "start": 0.0, "end": request.seconds, "avg_logprob": -0.2}
        return Answer({"text": text, "language": "english", "words": words, "segments": [segment]})

    return answer


if __name__ == "__main__":
    with serving(whisper(sys.argv[2], sys.argv[3]), int(sys.argv[1])):
        threading.Event().wait()
