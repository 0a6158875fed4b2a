"""Is somebody speaking? One probability per 32 ms of audio, from a model that keeps its state across calls."""

from functools import lru_cache
from importlib.resources import as_file, files
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

FRAME = 512  # samples at 16 kHz: 32 ms
CONTEXT = 64  # samples of the frame before that the model wants to see again
OFFSET_FRAMES = 16  # half a second: how slowly the offset of a microphone is followed


class VoiceActivity(Protocol):
    """One stream's detector; `probabilities` takes whole frames in stream order, int16 at 16 kHz."""

    def probabilities(self, samples: NDArray[np.int16]) -> list[float]: ...

    def reset(self) -> None:
        """Forget what was heard: the next frame does not follow the last one."""


class SileroVad:
    """Silero VAD v6 (MIT), the ONNX file that faster-whisper carries; about 0.1 ms of CPU per frame.

    The model is deaf on a constant offset, which cheap microphones have: what is constant is taken away before.
    """

    def __init__(self) -> None:
        self._session = _session()
        self.reset()

    def reset(self) -> None:
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._offset: float | None = None

    def probabilities(self, samples: NDArray[np.int16]) -> list[float]:
        frames = (samples.astype(np.float32) / 32768.0).reshape(-1, FRAME)
        if not len(frames):
            return []
        frames -= self._offsets(frames.mean(axis=1))[:, np.newaxis]
        before = np.vstack([self._context, frames[:-1, -CONTEXT:]])
        self._context = frames[-1, -CONTEXT:]
        inputs = {"input": np.hstack([before, frames]), "h": self._h, "c": self._c}
        found, self._h, self._c = self._session.run(None, inputs)
        return [float(probability) for probability in np.ravel(found)]

    def _offsets(self, means: NDArray[np.float32]) -> NDArray[np.float32]:
        """The offset at each frame: a slow average of the frames' means, the same however they are cut."""
        offsets = np.empty_like(means)
        for index, mean in enumerate(means):
            known = float(mean) if self._offset is None else self._offset
            self._offset = known + (float(mean) - known) / OFFSET_FRAMES
            offsets[index] = self._offset
        return offsets


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    """Shared by all streams: their state is not in it."""
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    with as_file(files("faster_whisper").joinpath("assets/silero_vad_v6.onnx")) as path:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
