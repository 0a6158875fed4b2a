"""The frames of one socket on their way into the bus: what comes during a round trip to Redis goes with the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from meetings.protocol.frames import AudioFrame

MAX_WAITING_BYTES = 2 * 1024 * 1024  # a page has ten seconds on their way at most: 1 MB at 48 kHz
BATCH_BYTES = 256 * 1024


class Appender:
    """`append` takes frames in their order and answers for them; it runs once at a time."""

    def __init__(self, append: Callable[[list[AudioFrame]], Awaitable[None]]) -> None:
        self._append = append
        self._waiting: deque[AudioFrame] = deque()
        self._waiting_bytes = 0
        self._flushing: asyncio.Task[None] | None = None

    def put(self, frame: AudioFrame) -> bool:
        """Have the frame appended soon; False when there is no room for it."""
        if self._waiting_bytes + len(frame.pcm) > MAX_WAITING_BYTES:
            return False
        self._waiting.append(frame)
        self._waiting_bytes += len(frame.pcm)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush(), name="append frames")
        return True

    async def drained(self) -> None:
        """Until everything that was put has been appended or dropped."""
        if self._flushing is not None:
            await self._flushing

    def drop(self) -> None:
        """Forget what waits: the page will send it again."""
        self._waiting.clear()
        self._waiting_bytes = 0

    async def _flush(self) -> None:
        while self._waiting:
            await self._append(self._batch())

    def _batch(self) -> list[AudioFrame]:
        batch: list[AudioFrame] = []
        size = 0
        while self._waiting and size < BATCH_BYTES:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].pcm)
        self._waiting_bytes -= size
        return batch
