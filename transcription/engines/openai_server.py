"""One transcription server that speaks OpenAI's protocol: WAV out, text with times back, every failure given a name."""

import io
import time
import wave
from dataclasses import dataclass

import httpx
import msgspec

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import RemoteServer
from transcription.engines.openai_answer import Transcription
from transcription.errors import ServerUnavailable, WindowRefused

CONNECT_SECONDS = 3.0
RETRY_SECONDS = 0.3
MAX_ANSWER_BYTES = 1 << 20
REFUSED = {400, 413, 415, 422}  # of this audio; everything else is about the server
PASSING = {408, 409, 425, 429, 500, 502, 503, 504}
DOUBTFUL = {500, 502, 504}  # the server's fault, or this audio's

# The answers a server may be able to give, best first.
FORMATS: tuple[dict[str, str | list[str]], ...] = (
    {"response_format": "verbose_json", "timestamp_granularities[]": ["segment", "word"]},
    {"response_format": "verbose_json"},
    {"response_format": "json"},
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer is none; `passing` is worth another try at once, `doubtful` may be the fault of the audio."""

    reason: str
    passing: bool = False
    doubtful: bool = False


class TranscriptionServer:
    """Safe to use from several threads. Redirects are not followed: they would take the key elsewhere."""

    def __init__(self, server: RemoteServer, model: str) -> None:
        self._server = server
        self._model = model
        self._format = FORMATS[0]
        headers = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
        timeout = httpx.Timeout(server.timeout_seconds, connect=min(CONNECT_SECONDS, server.timeout_seconds))
        self._client = httpx.Client(headers=headers, timeout=timeout)
        self._url = f"{server.url.rstrip('/')}/audio/transcriptions"

    def agree_on_format(self, pcm: bytes) -> None:
        """Find the best answer this server gives; raises ServerUnavailable, WindowRefused."""
        for offered in FORMATS:
            self._format = offered
            try:
                self.transcribe(pcm)
                return
            except WindowRefused:
                if offered is FORMATS[-1]:
                    raise

    def works(self, pcm: bytes) -> bool:
        """Whether it answers at all."""
        try:
            return isinstance(self._ask({"model": self._model, **self._format}, as_wav(pcm)), Transcription)
        except WindowRefused:
            return False

    def transcribe(self, pcm: bytes, language: str = "", prompt: str = "") -> Transcription:
        """PCM16 mono at 16 kHz. Tries twice. Raises ServerUnavailable, WindowRefused."""
        fields: dict[str, str | list[str]] = {"model": self._model, "temperature": "0", **self._format}
        if language:
            fields["language"] = language
        if prompt:
            fields["prompt"] = prompt
        sound = as_wav(pcm)
        answer = self._ask(fields, sound)
        if isinstance(answer, Failure) and answer.passing:
            time.sleep(RETRY_SECONDS)
            answer = self._ask(fields, sound)
        if isinstance(answer, Failure):
            raise ServerUnavailable(answer.reason, doubtful=answer.doubtful)
        return answer

    def _ask(self, fields: dict[str, str | list[str]], sound: bytes) -> Transcription | Failure:
        try:
            status, body = self._post(fields, sound)
        except httpx.TimeoutException:
            return Failure(f"no answer within {self._server.timeout_seconds:g} s", passing=True, doubtful=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Failure(f"cannot be reached ({type(error).__name__})", passing=True)
        if status == httpx.codes.OK:
            return _read(body)
        reason = f"answered {status}{self._explained(body)}"
        if status in REFUSED:
            raise WindowRefused(reason)
        return Failure(reason, passing=status in PASSING, doubtful=status in DOUBTFUL)

    def _post(self, fields: dict[str, str | list[str]], sound: bytes) -> tuple[int, bytes]:
        """Bounded in time and size as a whole: httpx's own timeout is for each piece."""
        deadline = time.monotonic() + self._server.timeout_seconds
        files = {"file": ("window.wav", sound, "audio/wav")}
        body = bytearray()
        with self._client.stream("POST", self._url, data=fields, files=files) as answer:
            for piece in answer.iter_bytes():
                body += piece
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("trickling")
                if len(body) > MAX_ANSWER_BYTES:
                    raise httpx.DecodingError(f"more than {MAX_ANSWER_BYTES} bytes")
            return answer.status_code, bytes(body)

    def _explained(self, body: bytes) -> str:
        """The server's own words, without the key that some servers repeat."""
        try:
            message = msgspec.json.decode(body, type=_ErrorBody).error.message
        except msgspec.MsgspecError:
            return ""
        if self._server.api_key:
            message = message.replace(self._server.api_key, "…")
        return f": {message[:200]}" if message else ""


class _ErrorDetail(msgspec.Struct):
    message: str = ""


class _ErrorBody(msgspec.Struct):
    error: _ErrorDetail


def _read(body: bytes) -> Transcription | Failure:
    try:
        return msgspec.json.decode(body, type=Transcription)
    except msgspec.MsgspecError:
        return Failure("its answer is no transcription")


def as_wav(pcm: bytes) -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)
    return sound.getvalue()
