"""Audio that may be kept: cut into pieces as it comes, and stored one after the other.

The bus keeps the frames of a piece until it is stored, so a transcriber that dies loses nothing: who takes the stream
over reads them again and goes on where the last stored piece ends.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from transcription.bus import Entry, Frame
from transcription.errors import TranscriptionError

logger = logging.getLogger(__name__)

PIECE_SECONDS = 30
GIVE_UP_SECONDS = 240.0  # for which a piece waits for a store that is away; the bus holds ten minutes, and live goes on
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples [first_sample, end_sample) of a stream at its own rate, PCM16 LE mono, without a hole."""

    first_sample: int
    pcm: bytes
    closed_at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def end_sample(self) -> int:
        return self.first_sample + len(self.pcm) // 2


class Keeper:
    """Takes a stream's entries in their order; awaits `store` for every piece, then `stored`."""

    def __init__(
        self,
        sample_rate: int,
        kept_until: int,
        store: Callable[[Piece], Awaitable[None]],
        stored: Callable[[], Awaitable[None]],
    ) -> None:
        self._full_bytes = 2 * PIECE_SECONDS * sample_rate
        self._store = store
        self._stored = stored
        self._next = kept_until  # all before is stored, or in a piece
        self._start: int | None = None  # of the open piece
        self._pcm = bytearray()
        self._waiting: deque[Piece] = deque()  # bounded by GIVE_UP_SECONDS
        self._storing: asyncio.Task[None] | None = None

    @property
    def needed_from(self) -> int | None:
        """The first sample that is still to be stored; None when there is none."""
        return self._waiting[0].first_sample if self._waiting else self._start

    def hear(self, entry: Entry) -> None:
        if isinstance(entry, Frame) and entry.keep:
            self._add(entry)
        else:
            self.close()

    def _add(self, frame: Frame) -> None:
        fresh = max(frame.first_sample, self._next)
        if fresh >= frame.end_sample:
            return
        if fresh > self._next:
            self.close()
        if self._start is None:
            self._start = fresh
        self._pcm += frame.pcm[2 * (fresh - frame.first_sample) :]
        self._next = frame.end_sample
        if len(self._pcm) >= self._full_bytes:
            self.close()

    def close(self) -> None:
        """End the open piece: it is full, the microphone paused, or what follows may not be kept."""
        if self._start is None:
            return
        self._waiting.append(Piece(self._start, bytes(self._pcm)))
        self._start = None
        self._pcm.clear()
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_waiting(), name="keep audio")

    async def aclose(self) -> None:
        """Store nothing more: what is not stored is still in the bus, for whoever comes next."""
        if self._storing is not None:
            self._storing.cancel()
            await asyncio.wait([self._storing])

    async def _store_waiting(self) -> None:
        while self._waiting:
            try:
                await self._store(self._waiting[0])
            except TranscriptionError as error:
                if not error.retryable:  # another owns the stream
                    return
                if time.monotonic() - self._waiting[0].closed_at < GIVE_UP_SECONDS:
                    logger.warning("audio not kept yet: %s", error)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                logger.error("audio from sample %d on is not kept: %s", self._waiting[0].first_sample, error)
            self._waiting.popleft()
            await self._stored()
