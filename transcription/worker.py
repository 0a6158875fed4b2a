"""A transcriber: owns audio streams by lease, feeds each to its speaker and hands the captions to a sink.

Several run side by side. One stream has one owner; a stream whose owner dies is claimed by another, which reads it
again from the last settled sample. What a fenced-off owner decoded is refused by the sink.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from transcription.bus import AudioBus, Entry
from transcription.captions import Final, Gap, Partial, Settled
from transcription.errors import TranscriptionError
from transcription.keeping import Piece
from transcription.owned import OwnedStream
from transcription.recogniser import Recogniser
from transcription.spoken import SpokenTimes
from transcription.streams import StreamInfo

logger = logging.getLogger(__name__)

CLAIM_SECONDS = 0.2  # between looks for streams without an owner
READ_BLOCK_MS = 100
READ_FRAMES = 50
RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to store captions of a stream; a newer claim has a higher fence."""

    stream: StreamInfo
    fence: int
    settled_sample: int  # at 16 kHz; everything before is stored already
    kept_until: int = 0  # at the stream's rate; what may be kept of the audio before is kept already
    spoken: SpokenTimes = field(default_factory=SpokenTimes, compare=False)


class CaptionSink(Protocol):
    """Where captions go. Storing raises LeaseLost when a newer claim exists, a retryable error to try again."""

    async def claim(self, stream: StreamInfo) -> Claim | None:
        """Fence off former owners; None when the stream is gone from the store."""

    async def partial(self, claim: Claim, partial: Partial) -> None: ...

    async def store(self, claim: Claim, caption: Final | Gap) -> None: ...

    async def settle(self, claim: Claim, settled: Settled) -> None: ...

    async def keep(self, claim: Claim, piece: Piece) -> None:
        """Store audio beyond its transcription; a piece that was stored before changes nothing."""

    async def released(self, claim: Claim) -> None:
        """All audio of the stream is settled for now."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    max_streams: int = 64
    lease_ms: int = 5_000


class Transcriber:
    """Runs until cancelled; `aclose` hands all streams back so that others take them at once."""

    def __init__(self, bus: AudioBus, recogniser: Recogniser, sink: CaptionSink, settings: WorkerSettings) -> None:
        self.name = uuid.uuid4().hex
        self._bus = bus
        self._recogniser = recogniser
        self._sink = sink
        self._settings = settings
        self._owned: dict[str, OwnedStream] = {}

    @property
    def stream_count(self) -> int:
        return len(self._owned)

    async def run(self) -> None:
        """Claim, read and renew; raises nothing but CancelledError."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._repeat(self._claim_streams, CLAIM_SECONDS), name="claim")
                tasks.create_task(self._repeat(self._read_streams, 0), name="read")
                tasks.create_task(self._repeat(self._renew_leases, self._settings.lease_ms / 3_000), name="renew")
        finally:
            await self._release_all()

    async def _repeat(self, step: Callable[[], Coroutine[Any, Any, None]], pause_seconds: float) -> None:
        while True:
            try:
                await step()
                await asyncio.sleep(pause_seconds)
            except TranscriptionError as error:
                logger.warning("%s: %s; trying again", type(error).__name__, error)
                await asyncio.sleep(RETRY_SECONDS)

    # ── Ownership ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _claim_streams(self) -> None:
        self._drop_finished()
        if not self._recogniser.ready:
            return
        for stream_id in await self._bus.unowned():
            if len(self._owned) >= self._settings.max_streams:
                return
            if stream_id not in self._owned:
                await asyncio.sleep(min(0.02 * len(self._owned), 0.5))  # an idler transcriber comes first
                await self._claim(stream_id)

    async def _claim(self, stream_id: str) -> None:
        if not await self._bus.acquire(stream_id, self.name, self._settings.lease_ms):
            return
        info = await self._bus.info(stream_id)
        claim = await self._sink.claim(info) if info else None
        if claim is None:
            logger.warning("stream %s is not in the store any more: dropped", stream_id)
            await self._bus.discard(stream_id)
            await self._bus.release(stream_id, self.name)
            return
        self._owned[stream_id] = OwnedStream(claim, self._bus, self._recogniser, self._sink)

    async def _renew_leases(self) -> None:
        for stream_id, owned in list(self._owned.items()):
            if not await self._bus.renew(stream_id, self.name, self._settings.lease_ms):
                logger.warning("stream %s: lease lost", stream_id)
                owned.cancel()

    def _drop_finished(self) -> None:
        for stream_id, owned in list(self._owned.items()):
            if owned.done:
                del self._owned[stream_id]
                if error := owned.failure():
                    logger.error("stream %s failed, another claim follows", stream_id, exc_info=error)

    async def _release_all(self) -> None:
        for stream_id, owned in list(self._owned.items()):
            owned.cancel()
            await owned.wait()
            try:
                await self._bus.release(stream_id, self.name)
            except TranscriptionError as error:
                logger.warning("stream %s not released: %s", stream_id, error)
        self._owned.clear()

    # ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _read_streams(self) -> None:
        hungry = {name: owned.cursor for name, owned in self._owned.items() if owned.hungry}
        if not hungry:
            await asyncio.sleep(READ_BLOCK_MS / 1_000)
            return
        entries: dict[str, list[Entry]] = await self._bus.read(hungry, READ_FRAMES, READ_BLOCK_MS)
        for name, found in entries.items():
            if name in self._owned:
                self._owned[name].take(found)
        for name in hungry.keys() - entries.keys():
            owned = self._owned.get(name)
            if owned and owned.drained and await self._bus.retire(name, owned.cursor):
                await self._give_back(name, owned)

    async def _give_back(self, stream_id: str, owned: OwnedStream) -> None:
        owned.cancel()
        self._owned.pop(stream_id, None)
        await self._bus.release(stream_id, self.name)
        await self._sink.released(owned.claim)
