"""Hears audio once more, whole and unhurried, in a process of its own; how it is asked: `transcription/offline.py`."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

import msgspec
import numpy as np

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import EngineSettings, Window
from transcription.engines.scripted import ScriptedEngine
from transcription.errors import ModelUnavailable
from transcription.models import resolve_model
from transcription.offline import Heard, HeardWord, OfflineSettings, Stretch

BEAM = 5
TEMPERATURES = [0.0, 0.2, 0.4]  # more of them take minutes over noise
NICE = 10  # people who talk now come first


class Listener(Protocol):
    def hear(self, pcm: bytes, stretch: Stretch) -> Iterator[Heard]: ...


class WhisperListener:
    """faster-whisper's own way through a recording: full context, a beam, and silence left out."""

    def __init__(self, settings: OfflineSettings) -> None:
        from faster_whisper import WhisperModel

        from transcription.engines.whisper import device_and_precision

        device, compute = device_and_precision(settings.device, settings.compute_type)
        path = str(resolve_model(settings.model))
        self._model = WhisperModel(path, device=device, compute_type=compute, cpu_threads=settings.threads)

    def hear(self, pcm: bytes, stretch: Stretch) -> Iterator[Heard]:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768
        segments, info = self._model.transcribe(
            samples,
            language=stretch.language.partition("-")[0] or None,
            beam_size=BEAM,
            temperature=TEMPERATURES,
            vad_filter=True,
            word_timestamps=True,
            hotwords=", ".join(stretch.vocabulary) or None,
        )
        for segment in segments:
            words = tuple(
                HeardWord(word.word.strip(), _sample(word.start), _sample(word.end), round(float(word.probability), 3))
                for word in segment.words or ()
                if word.word.strip()
            )
            yield Heard(words, _sample(segment.end), info.language)


class ScriptedListener:
    """The numbers of counter frames, each heard as "again-<number>" where it divides by seven."""

    def __init__(self, settings: OfflineSettings) -> None:
        self._engine = ScriptedEngine(EngineSettings(settings.model, "cpu", "int8"))

    def hear(self, pcm: bytes, stretch: Stretch) -> Iterator[Heard]:
        (heard,) = self._engine.decode([Window(pcm, final=True, language=stretch.language)])
        words = tuple(
            HeardWord(word.text if int(word.text) % 7 else f"again-{word.text}", word.start, word.end, 1.0)
            for word in heard.words
        )
        yield Heard(words, len(pcm) // 2, heard.language)


LISTENERS: dict[str, Callable[[OfflineSettings], Listener]] = {"whisper": WhisperListener, "scripted": ScriptedListener}


def _sample(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not break the protocol
    os.nice(NICE)
    requests = sys.stdin.buffer
    settings = msgspec.json.decode(requests.readline(), type=OfflineSettings)
    try:
        listener = LISTENERS[settings.engine](settings)
    except ModelUnavailable as error:
        return _say(answers, Heard(problem=str(error)))
    while line := requests.readline():
        stretch = msgspec.json.decode(line, type=Stretch)
        for heard in listener.hear(requests.read(stretch.byte_count), stretch):
            _say(answers, heard)
        _say(answers, Heard(done=True))
    return None


def _say(answers: BinaryIO, heard: Heard) -> None:
    answers.write(msgspec.json.encode(heard) + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
