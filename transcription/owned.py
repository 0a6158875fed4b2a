"""One stream in the hands of one transcriber: entries in, captions out, the bus trimmed as audio settles."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from transcription.bus import AudioBus, Entry, Frame, Pause
from transcription.captions import SAMPLE_RATE, Caption, Final, Gap, Partial, Settled
from transcription.clocks import bus_clock
from transcription.errors import LeaseLost, TranscriptionError
from transcription.keeping import Keeper, Piece
from transcription.log_ids import bind
from transcription.recogniser import Recogniser, Speaker

if TYPE_CHECKING:
    from transcription.worker import CaptionSink, Claim

logger = logging.getLogger(__name__)

IDLE_SECONDS = 10.0  # without a frame: the microphone is gone, what was said becomes final
MAX_ENTRIES = 100
MAX_BACKLOG_SECONDS = 20.0  # beyond it audio waits in the bus
RETRY_SECONDS = 0.5


class OwnedStream:
    """Feeds a stretch of audio (from a start or resume to a pause) to one Speaker, and the next to another."""

    def __init__(self, claim: "Claim", bus: AudioBus, recogniser: Recogniser, sink: "CaptionSink") -> None:
        self.claim = claim
        self.cursor = b"0"  # the last entry taken from the bus
        self._bus = bus
        self._recogniser = recogniser
        self._sink = sink
        self._entries: deque[Entry] = deque()  # bounded by `hungry`
        self._arrived = asyncio.Event()
        self._untrimmed: deque[tuple[bytes, int]] = deque()  # entry id, its end at the stream's rate
        self._settled = claim.settled_sample
        self._speaker: Speaker | None = None
        self._keeper = Keeper(claim.stream.sample_rate, claim.kept_until, self._keep, self._trim)
        self._last_entry = time.monotonic()
        self._task = asyncio.create_task(self._run(), name=f"stream {claim.stream.stream_id}")

    @property
    def done(self) -> bool:
        return self._task.done()

    @property
    def hungry(self) -> bool:
        """Whether more may be read: a slow recogniser leaves audio in the bus."""
        backlog = self._speaker.backlog_seconds if self._speaker else 0.0
        return not self.done and len(self._entries) < MAX_ENTRIES and backlog < MAX_BACKLOG_SECONDS

    @property
    def drained(self) -> bool:
        """All that was read is settled and no stretch is open."""
        return self._speaker is None and not self._entries and not self._untrimmed

    def take(self, entries: Sequence[Entry]) -> None:
        self.cursor = entries[-1].entry_id
        self._last_entry = time.monotonic()
        self._entries.extend(entries)
        self._arrived.set()

    def failure(self) -> BaseException | None:
        """Why the task ended, if it did so by a fault of ours."""
        return self._task.exception() if self._task.done() and not self._task.cancelled() else None

    def cancel(self) -> None:
        self._task.cancel()

    async def wait(self) -> None:
        await asyncio.wait([self._task])

    # ── One stretch after another ───────────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        stream = self.claim.stream
        bind(meeting=stream.meeting_id, stream=stream.stream_id)
        logger.info("stream %s claimed with fence %d at sample %d", stream.stream_id, self.claim.fence, self._settled)
        try:
            while True:
                while not self._entries:
                    await self._arrival()
                first = self._take_next()
                if isinstance(first, Frame) and self._at_16k(first.end_sample) > self._settled:
                    await self._transcribe_stretch(first)
                await self._trim()
        except LeaseLost:
            logger.warning("stream %s has a newer owner: stopped", self.claim.stream.stream_id)
        finally:
            await self._keeper.aclose()

    async def _transcribe_stretch(self, first: Frame) -> None:
        start = max(self._at_16k(first.first_sample), self._settled) if first.resumed else self._settled
        speaker = self._recogniser.open(self.claim.stream, start)
        self._speaker = speaker
        delivering = asyncio.create_task(self._deliver(speaker), name="captions")
        try:
            end = await self._feed(speaker, first, delivering)
            await speaker.finish()
            await delivering
            await self._settle(Settled(end))
        finally:
            delivering.cancel()
            self._speaker = None

    async def _feed(self, speaker: Speaker, first: Frame, delivering: "asyncio.Task[None]") -> int:
        """Push frames until a pause or silence of the bus; returns the end of the audio at 16 kHz."""
        frame: Frame = first
        while True:
            end = self._at_16k(frame.end_sample)
            self.claim.spoken.note(end, frame.captured_ms)
            speaker.push(frame.pcm, frame.first_sample, bus_clock.now_ms() - frame.appended_ms)
            entry = await self._next_entry(delivering)
            if entry is None:
                return end
            if isinstance(entry, Pause) or entry.resumed:
                return end
            self._take_next()
            frame = entry

    async def _next_entry(self, delivering: "asyncio.Task[None]") -> Entry | None:
        """The next entry, left in place; None when the microphone has fallen silent for IDLE_SECONDS."""
        while not self._entries:
            if delivering.done():
                delivering.result()
            if time.monotonic() - self._last_entry > IDLE_SECONDS and self.hungry:
                return None
            await self._arrival()
        return self._entries[0]

    async def _arrival(self) -> None:
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), timeout=1.0)
        except TimeoutError:
            if time.monotonic() - self._last_entry > IDLE_SECONDS:
                self._keeper.close()

    def _take_next(self) -> Entry:
        entry = self._entries.popleft()
        end = entry.end_sample if isinstance(entry, Frame) else entry.sample
        self._untrimmed.append((entry.entry_id, end))
        self._keeper.hear(entry)
        return entry

    async def _keep(self, piece: Piece) -> None:
        await self._sink.keep(self.claim, piece)

    # ── Captions ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _deliver(self, speaker: Speaker) -> None:
        async for caption in speaker.captions():
            await self._deliver_one(caption)

    async def _deliver_one(self, caption: Caption) -> None:
        match caption:
            case Partial():
                try:
                    await self._sink.partial(self.claim, caption)
                except TranscriptionError as error:
                    logger.debug("partial not delivered: %s", error)
            case Final() | Gap():
                await self._until_stored(caption)
            case Settled():
                await self._settle(caption)

    async def _until_stored(self, caption: Final | Gap) -> None:
        while True:
            try:
                return await self._sink.store(self.claim, caption)
            except TranscriptionError as error:
                if not error.retryable:
                    raise
                logger.warning("stream %s: caption not stored yet: %s", self.claim.stream.stream_id, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _settle(self, settled: Settled) -> None:
        """Record that all before it is done with, and let the bus forget it."""
        while settled.sample > self._settled:
            try:
                await self._sink.settle(self.claim, settled)
                self._settled = settled.sample
            except TranscriptionError as error:
                if not error.retryable:
                    raise
                await asyncio.sleep(RETRY_SECONDS)
        self.claim.spoken.forget_before(settled.sample)
        await self._trim()

    async def _trim(self) -> None:
        """Drop the entries whose audio is settled, and kept where it may be kept."""
        through = None
        while self._untrimmed and self._is_done_with(self._untrimmed[0][1]):
            through, _ = self._untrimmed.popleft()
        if through is not None:
            try:
                await self._bus.trim(self.claim.stream.stream_id, through)
            except TranscriptionError as error:
                logger.warning("stream %s not trimmed: %s", self.claim.stream.stream_id, error)

    def _is_done_with(self, end: int) -> bool:
        needed = self._keeper.needed_from
        return self._at_16k(end) <= self._settled and (needed is None or end <= needed)

    def _at_16k(self, sample: int) -> int:
        return sample * SAMPLE_RATE // self.claim.stream.sample_rate
