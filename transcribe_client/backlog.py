"""Audio that the server has not acknowledged yet, to be sent again after a broken connection."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SAMPLES = 16_000 * 600  # ten minutes


class BacklogFull(Exception):
    """The server stayed away for so long that speech would be lost."""


@dataclass(frozen=True, slots=True)
class Chunk:
    first_sample: int
    pcm: bytes
    heard_at: float  # monotonic seconds

    @property
    def end_sample(self) -> int:
        return self.first_sample + len(self.pcm) // 2

    @property
    def age_ms(self) -> int:
        return round(1_000 * (time.monotonic() - self.heard_at))


class Backlog:
    def __init__(self) -> None:
        self._chunks: deque[Chunk] = deque()
        self.acknowledged = 0  # the server has all samples before
        self.end = 0

    def add(self, pcm: bytes) -> Chunk:
        """Raises BacklogFull."""
        if self.waiting > MAX_SAMPLES:
            raise BacklogFull
        chunk = Chunk(self.end, pcm, time.monotonic())
        self._chunks.append(chunk)
        self.end = chunk.end_sample
        return chunk

    @property
    def waiting(self) -> int:
        """Samples that are not acknowledged."""
        return self.end - self.acknowledged

    def acknowledge(self, next_sample: int) -> None:
        self.acknowledged = max(self.acknowledged, next_sample)
        while self._chunks and self._chunks[0].end_sample <= self.acknowledged:
            self._chunks.popleft()

    def after(self, next_sample: int) -> Iterator[Chunk]:
        """What comes from there on; the first chunk is cut where the server is."""
        for chunk in list(self._chunks):
            if chunk.end_sample > next_sample:
                skipped = max(0, next_sample - chunk.first_sample)
                yield Chunk(chunk.first_sample + skipped, chunk.pcm[2 * skipped :], chunk.heard_at)
