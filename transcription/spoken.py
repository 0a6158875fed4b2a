"""When the audio of a stream was spoken, for as long as captions of it may come."""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field

from transcription.captions import SAMPLE_RATE

MAX_FRAMES = 6_000  # as many as the bus holds of a stream


@dataclass(slots=True)
class SpokenTimes:
    """Ends of frames (samples at 16 kHz, rising) and when they were captured (ms on the bus's clock)."""

    _frames: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=MAX_FRAMES))

    def note(self, end_sample: int, captured_ms: float) -> None:
        if not self._frames or end_sample > self._frames[-1][0]:
            self._frames.append((end_sample, captured_ms))

    def forget_before(self, sample: int) -> None:
        """No caption ends before `sample` any more."""
        while len(self._frames) > 1 and self._frames[0][0] < sample:
            self._frames.popleft()

    def at(self, sample: int) -> float | None:
        """When the audio just before `sample` was captured; None when that frame is not known."""
        place = bisect_left(self._frames, (sample, 0.0))
        if place == len(self._frames):
            return None
        end, captured_ms = self._frames[place]
        return captured_ms - (end - sample) * 1_000 / SAMPLE_RATE
