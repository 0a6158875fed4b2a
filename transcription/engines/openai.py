"""An engine that asks a transcription server over HTTP: OpenAI's protocol, which many servers speak.

Every window is one request. A window that the server refuses, or that it fails on while it answers others, stays
unclear; while the server is away, refuses the key or asks for patience, windows are unanswered and tried again.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import UNCLEAR, EngineSettings, Hypothesis, Window
from transcription.engines.openai_answer import heard
from transcription.engines.openai_server import TranscriptionServer
from transcription.errors import ModelUnavailable, ServerUnavailable, TranscriptionError, WindowRefused

logger = logging.getLogger(__name__)

PARALLEL = 8  # requests at once
LONGEST_PROMPT = 800  # characters; about the 224 tokens that Whisper servers read
PROBE = bytes(2 * SAMPLE_RATE // 2)  # half a second of silence


class OpenAIEngine:
    """`model` is the server's name for a model; device, compute type and threads are the server's business."""

    def __init__(self, settings: EngineSettings) -> None:
        if not settings.server.url:
            raise ModelUnavailable("engine openai needs the URL of its server")
        self._server = TranscriptionServer(settings.server, settings.model)
        self._threads = ThreadPoolExecutor(PARALLEL, thread_name_prefix="request")
        self.description = f"{settings.model} at {settings.server.url}"
        self.batch_size, self.lanes = PARALLEL, 1

    def warm_up(self) -> None:
        """Agree with the server on what it can answer; raises ModelUnavailable with what is wrong."""
        try:
            self._server.agree_on_format(PROBE)
        except (ServerUnavailable, WindowRefused) as error:
            raise ModelUnavailable(f"the transcription server for {self.description}: {error}") from error

    def decode(self, windows: Sequence[Window]) -> list[Hypothesis]:
        return list(self._threads.map(self._decode, windows))

    def _decode(self, window: Window) -> Hypothesis:
        """The server is not given what was said before: it could not leave it out of its answer."""
        window = window.alone()
        language = window.language.split("-")[0].lower()
        try:
            answer = self._server.transcribe(window.pcm, language, ", ".join(window.vocabulary)[:LONGEST_PROMPT])
        except WindowRefused as error:
            return _given_up(window, error)
        except ServerUnavailable as error:
            if error.doubtful and self._server.works(PROBE):
                return _given_up(window, error)
            return Hypothesis((), unanswered=f"the transcription server: {error}")
        return heard(answer, window.samples, language, final=window.final)


def _given_up(window: Window, reason: TranscriptionError) -> Hypothesis:
    logger.error("a window of %.1f s stays unclear: %s", window.samples / SAMPLE_RATE, reason)
    return UNCLEAR if window.final else Hypothesis(())
