"""An engine for tests: audio carries numbered frames, the text is their numbers, so loss and doubling are exact.

A frame is 100 ms whose first sample is -n and whose other samples are n (1…32,767); zeros are silence. A frame
belongs to the window that holds its first sample.
"""

import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import EngineSettings, Hypothesis, SpokenWord, Window
from transcription.vad import FRAME

COUNTER_FRAME = SAMPLE_RATE // 10


def counter_frame(number: int) -> bytes:
    """The PCM16 of frame `number`; 0 is silence."""
    samples = np.full(COUNTER_FRAME, number, "<i2")
    samples[0] = -number
    return samples.tobytes()


class CounterActivity:
    """Everything but digital silence is voice."""

    def probabilities(self, samples: NDArray[np.int16]) -> list[float]:
        return [float(frame.any()) for frame in samples.reshape(-1, FRAME)]

    def reset(self) -> None: ...


def smaller_scripted(settings: EngineSettings) -> EngineSettings | None:
    """Like Whisper: smaller numbers, then the CPU."""
    if settings.device == "cpu":
        return None
    if settings.compute_type == "auto":
        return replace(settings, compute_type="int8")
    return replace(settings, device="cpu")


class ScriptedEngine:
    """`model` is "key=number,…": `speed` (audio seconds a second; 0 is no wait), `hang` and `crash` (the frame whose
    window never comes back or aborts), `hang_once`, `crash_once` (only at the first try), `away` (the frame whose
    window is not answered for the first two tries), `lanes` (how many such engines there are; more than one take one
    window at a time), `batch` (how many windows one takes), `memory` (how many fit at once; twice as many as int8,
    all on the CPU)."""

    def __init__(self, settings: EngineSettings) -> None:
        pairs = [pair.partition("=") for pair in settings.model.split(",") if "=" in pair]
        self._script = {key: float(value) for key, _, value in pairs}
        self._settings = settings
        self._refusals = 2
        self.description = f"scripted {settings.model}".strip()
        self.lanes = int(self._script.get("lanes", 1))
        self.batch_size = int(self._script.get("batch", 8 if self.lanes == 1 else 1))

    def warm_up(self) -> None: ...

    def decode(self, windows: Sequence[Window]) -> list[Hypothesis]:
        share = {"auto": 1.0, "int8": 0.5}[self._settings.compute_type]
        if self._settings.device != "cpu" and share * len(windows) > self._script.get("memory", math.inf):
            raise RuntimeError("CUDA failed with error out of memory")
        return [self._decode(window) for window in windows]

    def _decode(self, window: Window) -> Hypothesis:
        window = window.alone()
        samples = np.frombuffer(window.pcm, "<i2")
        starts = np.flatnonzero(samples < 0)
        numbers = [-int(samples[start]) for start in starts]
        self._misbehave(set(numbers), window.attempt)
        if self._script.get("away") in numbers and window.final and self._refusals:
            self._refusals -= 1
            return Hypothesis((), unanswered="scripted")
        speed = self._script.get("speed", 0.0)
        if speed and window.final:
            time.sleep(window.samples / SAMPLE_RATE / speed)
        words = [
            SpokenWord(str(number), int(start), min(int(start) + COUNTER_FRAME, window.samples), 1.0)
            for number, start in zip(numbers, starts, strict=True)
        ]
        return Hypothesis(tuple(words), window.language or "en")

    def _misbehave(self, numbers: set[int], attempt: int) -> None:
        triggers = ["hang", "crash"] if attempt else ["hang", "crash", "hang_once", "crash_once"]
        for trigger in triggers:
            if self._script.get(trigger) in numbers:
                if trigger.startswith("crash"):
                    os.abort()
                time.sleep(3600)
