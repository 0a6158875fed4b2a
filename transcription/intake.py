"""Frames in, a gapless run of 16 kHz samples out: drops what is there already, finds holes, resamples."""

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from transcription.captions import SAMPLE_RATE

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Run:
    """Samples that follow the ones before; `gap_start` is set when samples [gap_start, start) never arrived."""

    start: int
    samples: Samples
    gap_start: int | None = None


class Intake:
    """One stream's frames in order; all positions that come out are at 16 kHz, and none before `resume_sample`."""

    def __init__(self, sample_rate: int, resume_sample: int = 0) -> None:
        self._rate = sample_rate
        self._next: int | None = None  # the sample expected, at the stream's rate
        self._position = resume_sample  # the next one to give out, at 16 kHz
        self._resampler = self._new_resampler()

    @property
    def position(self) -> int:
        return self._position

    def push(self, pcm: bytes, first_sample: int) -> list[Run]:
        """The new part of a frame (PCM16 LE mono), with what the resampler still held when a hole comes first."""
        samples = np.frombuffer(pcm, "<i2")
        if self._next is None:
            return self._begin(samples, first_sample)
        if first_sample > self._next:
            return [*self.flush(), *self._begin(samples, first_sample)]
        fresh = samples[self._next - first_sample :]
        self._next += len(fresh)
        return self._give(self._resample(fresh, last=False))

    def flush(self) -> list[Run]:
        """What the resampler still holds; the next frame starts a new run."""
        if self._next is None:
            return []
        end = self._next * SAMPLE_RATE // self._rate
        tail = self._resample(np.zeros(0, np.int16), last=True)[: max(0, end - self._position)]
        self._next, self._resampler = None, self._new_resampler()
        return self._give(tail)

    def _begin(self, samples: Samples, first_sample: int) -> list[Run]:
        self._next = first_sample + len(samples)
        start = -(-first_sample * SAMPLE_RATE // self._rate)
        if start <= self._position:
            settled = max(self._position * self._rate // SAMPLE_RATE, first_sample)
            self._next = max(self._next, settled)  # of the frames that follow all before is settled too
            return self._give(self._resample(samples[settled - first_sample :], last=False))
        gap_start, self._position = self._position, start
        return [Run(start, np.zeros(0, np.int16), gap_start), *self._give(self._resample(samples, last=False))]

    def _give(self, samples: Samples) -> list[Run]:
        if not len(samples):
            return []
        run = Run(self._position, samples)
        self._position += len(samples)
        return [run]

    def _resample(self, samples: Samples, *, last: bool) -> Samples:
        if self._resampler is None:
            return samples
        resampled = self._resampler.resample_chunk(samples.astype(np.float32), last=last)
        rounded: Samples = np.clip(np.rint(resampled), -32_768, 32_767).astype(np.int16)  # soxr's own adds noise
        return rounded

    def _new_resampler(self) -> soxr.ResampleStream | None:
        if self._rate == SAMPLE_RATE:
            return None
        return soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32")
