"""Live recognition for asyncio: open a `Speaker` per stream, push audio, iterate over its captions."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from weakref import WeakValueDictionary

from transcription.captions import SAMPLE_RATE, Caption, Final, Partial
from transcription.condition import Condition
from transcription.engine_process import EngineProcess
from transcription.engines.base import NO_SERVER, EngineSettings, RemoteServer
from transcription.engines.registry import ENGINES, load
from transcription.language import MOST_OTHERS, LanguageEvidence
from transcription.latency import Measures, Source, Unmeasured
from transcription.scheduler import Scheduler
from transcription.speaker import SpeakerProcessor
from transcription.streams import StreamInfo


@dataclass(frozen=True, slots=True)
class RecogniserSettings:
    engine: str = "whisper"  # a name in engines/registry.py
    model: str = "base"
    device: str = "auto"  # auto, cpu, cuda
    compute_type: str = "auto"
    threads: int = 0  # of all lanes together; 0: all cores
    server: RemoteServer = NO_SERVER  # of engine "openai"
    hang_seconds: float = 10.0  # a decode that takes longer is killed


class Recogniser:
    """Engines in processes of their own, many speakers. `close` ends what `start` began."""

    def __init__(self, settings: RecogniserSettings, measures: Measures = Unmeasured()) -> None:  # noqa: B008  (no state)
        engine = EngineSettings(
            settings.model, settings.device, settings.compute_type, settings.threads, settings.server
        )
        self._activity = load(ENGINES[settings.engine].activity)
        self._make = partial(EngineProcess, settings.engine, engine, settings.hang_seconds)
        self._engines = [self._make()]
        self._scheduler = Scheduler(self._engines, measures)
        self._companies: WeakValueDictionary[str, LanguageEvidence] = WeakValueDictionary()  # by meeting
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load and warm up; raises ModelUnavailable, EngineFailed."""
        [first] = self._engines
        await first.start()
        self._engines += [self._make() for _ in range(first.loaded.lanes - 1 if first.loaded else 0)]
        await asyncio.gather(*(engine.start() for engine in self._engines[1:]))
        self._task = asyncio.create_task(self._scheduler.run(), name="scheduler")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await asyncio.gather(*(engine.stop() for engine in self._engines))

    def open(self, stream: StreamInfo, resume_sample: int = 0) -> "Speaker":
        """`resume_sample` (at 16 kHz): everything before is settled already and is ignored."""
        source = Source(stream.meeting_id, stream.stream_id)
        # A check of a microphone belongs to no meeting: it is a company of its own.
        company = self._companies.setdefault(stream.meeting_id or stream.stream_id, LanguageEvidence(MOST_OTHERS))
        processor = SpeakerProcessor(stream, self._activity(), resume_sample, company=company)
        return Speaker(processor, self._scheduler, source)

    @property
    def ready(self) -> bool:
        return self._task is not None and not self._task.done() and self._engines[0].loaded is not None

    @property
    def condition(self) -> Condition:
        if not self.ready:
            return "loading"
        if self._scheduler.trouble:
            return "away"
        return "reduced" if any(engine.reduced for engine in self._engines) else "ready"

    @property
    def lag_ms(self) -> int:
        """How long a window waits for the engine."""
        return round(1000 * self._scheduler.lag_seconds)

    @property
    def description(self) -> str:
        loaded = self._engines[0].loaded
        return loaded.description if loaded else ""


class Speaker:
    """One stream. Abandon it by cancelling the iteration over `captions`."""

    def __init__(self, processor: SpeakerProcessor, scheduler: Scheduler, source: Source) -> None:
        self.processor = processor
        self.source = source
        self.waiting_since = 0.0
        self.queued_ms = 0.0
        self._scheduler = scheduler
        self._lasting: deque[Caption] = deque()  # finals, gaps, settled: bounded by who heeds `backlog_seconds`
        self._partial: Partial | None = None  # the newest; later than all in `_lasting`
        self._changed = asyncio.Event()
        self._finishing = False
        scheduler.add(self)

    def push(self, pcm: bytes, first_sample: int, queued_ms: float = 0.0) -> None:
        """PCM16 LE mono at the stream's rate, from `first_sample` (at that rate) on; a jump ahead is a gap.

        `queued_ms` is how long it waited to be pushed.
        """
        self.queued_ms = queued_ms
        began = time.perf_counter()
        self.processor.push(pcm, first_sample)
        self._scheduler.measures.took(self.source, "vad", 1_000 * (time.perf_counter() - began))
        self._advance()

    def pause(self) -> None:
        """The microphone stopped: what was said becomes final soon."""
        self.processor.flush()
        self._advance()

    async def finish(self) -> None:
        """Flush; returns when the last caption is queued. `captions` ends after it."""
        self._finishing = True
        self.pause()
        while not self.processor.idle:
            self._changed.clear()
            await self._changed.wait()
        self._scheduler.remove(self)
        self._changed.set()

    @property
    def backlog_seconds(self) -> float:
        """Speech that ended and is not a final in the consumer's hands yet."""
        waiting = sum(item.end_sample - item.start_sample for item in self._lasting if isinstance(item, Final))
        return (self.processor.backlog_samples + waiting) / SAMPLE_RATE

    def deliver(self) -> None:
        for caption in self.processor.take():
            if isinstance(caption, Partial):
                if self._partial is not None:
                    self._scheduler.measures.partial_dropped()
                self._partial = caption
            else:
                self._lasting.append(caption)
                if isinstance(caption, Final):
                    self._partial = None
        self._changed.set()

    def _advance(self) -> None:
        self.deliver()
        self._scheduler.notify(self)

    async def captions(self) -> AsyncIterator[Caption]:
        """One consumer. Partials are latest-wins; everything else comes once and in stream order."""
        try:
            while True:
                while self._lasting:
                    yield self._lasting.popleft()
                partial, self._partial = self._partial, None
                if partial is not None:
                    yield partial
                elif self._finishing and self.processor.idle:
                    return
                else:
                    await self._wait()
        finally:
            self._scheduler.remove(self)

    async def _wait(self) -> None:
        """Until something happened; several may wait."""
        self._changed.clear()
        await self._changed.wait()
