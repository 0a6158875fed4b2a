"""Shares the engines among all speakers: finals, then partials, then uploads; who waits longest first, in batches."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Protocol

from transcription.captions import SAMPLE_RATE
from transcription.engine_process import EngineProcess
from transcription.engines.base import UNCLEAR, Hypothesis
from transcription.errors import EngineFailed, ModelUnavailable
from transcription.latency import Measures, Source
from transcription.speaker import Job, SpeakerProcessor

logger = logging.getLogger(__name__)

CADENCE_SECONDS = 0.3  # new audio that is worth a partial when nobody waits
SLOWEST_CADENCE_SECONDS = 2.0
PATIENCE_SECONDS = 10.0  # without a turn for any of them, an upload goes first once
SLOW_SECONDS = 2.0  # a decode that takes longer may hang: its speaker gets no second lane
RESTART_SECONDS = 2.0  # between attempts to bring an engine back
RETRY_SECONDS, SLOWEST_RETRY_SECONDS = 0.5, 4.0  # between attempts to have a window answered


class Client(Protocol):
    """A speaker as the scheduler sees it."""

    processor: SpeakerProcessor
    source: Source
    queued_ms: float  # how long its newest audio was in the bus
    waiting_since: float  # monotonic time since when it has something to decode, 0 for nothing

    def deliver(self) -> None:
        """Captions may be ready."""


class Scheduler:
    def __init__(self, engines: Sequence[EngineProcess], measures: Measures) -> None:
        self.measures = measures
        self._engines = engines  # started when `run` is
        self._clients: list[Client] = []
        self._asked: list[tuple[Client, Job, float]] = []  # in the engines' hands, and since when (monotonic)
        self._work = asyncio.Event()
        self.trouble = ""  # why the engine could not answer the last time
        self._waited = 0.0  # seconds a live job waits for the engine, moving average
        self._background_at = 0.0  # monotonic time of the last turn of an upload

    @property
    def lag_seconds(self) -> float:
        """How long a live window waits for the engine, or how much ended live speech has no final yet."""
        live = [client for client in self._clients if not client.processor.background]
        oldest = min((client.waiting_since for client in live if client.waiting_since), default=0.0)
        backlog = max((client.processor.backlog_samples for client in live), default=0) / SAMPLE_RATE
        return max(self._waited, time.monotonic() - oldest if oldest else 0.0, backlog)

    @property
    def _cadence(self) -> int:
        """New samples a partial needs: more when jobs wait."""
        return round(SAMPLE_RATE * min(CADENCE_SECONDS + self._waited, SLOWEST_CADENCE_SECONDS))

    def add(self, client: Client) -> None:
        self._clients.append(client)

    def remove(self, client: Client) -> None:
        if client in self._clients:
            self._clients.remove(client)
        self._asked = [asked for asked in self._asked if asked[0] is not client]

    def notify(self, client: Client) -> None:
        """The client has new audio."""
        if not client.waiting_since and client.processor.wants_decode(self._cadence):
            client.waiting_since = time.monotonic()
        if client.waiting_since:
            self._work.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as lanes:
            for number, engine in enumerate(self._engines):
                lanes.create_task(self._serve(engine), name=f"lane-{number}")

    async def _serve(self, engine: EngineProcess) -> None:
        """A speaker has one final and one partial at a time, so that no lane overtakes another within a stream."""
        while True:
            batch = self._next_batch(engine.loaded.batch_size if engine.loaded else 1)
            if not batch:
                await self._work.wait()
                self._work.clear()
                continue
            for client, _ in batch:
                self.notify(client)  # a final is on its way: what is said meanwhile need not wait for it
            await self._decode(engine, batch)

    def _next_batch(self, size: int) -> list[tuple[Client, Job]]:
        cadence = self._cadence
        batch: list[tuple[Client, Job]] = []
        for client in self._in_turn():
            if batch and client.processor.background and not batch[0][0].processor.background:
                break  # a batch takes as long as its longest window, and those of uploads are long
            suspect = client.processor.suspect
            if batch and suspect:
                break  # alone, so that nobody else's window fails with it
            job = client.processor.next_job(cadence)
            if job is None:
                client.waiting_since = 0.0
            else:
                batch.append((client, job))
                self._asked.append((client, job, time.monotonic()))
                self._measure(client)
            if len(batch) == size or suspect:
                break
        return batch

    def _in_turn(self) -> list[Client]:
        """Live finals; live partials, and finals that may fail again; uploads. One overdue upload is first."""
        overdue = time.monotonic() - PATIENCE_SECONDS

        def gives_way(client: Client) -> bool:
            return client.processor.background and max(client.waiting_since, self._background_at) > overdue

        def final(client: Client) -> bool:
            return client.processor.wants_final and not client.processor.suspect

        slow = [client for client, _, since in self._asked if time.monotonic() - since > SLOW_SECONDS]
        waiting = [client for client in self._clients if client.waiting_since and client not in slow]
        return sorted(waiting, key=lambda one: (gives_way(one), not final(one), one.waiting_since))

    def _measure(self, client: Client) -> None:
        """How long live windows wait says whether the engine keeps up; an upload takes what they leave."""
        if client.processor.background:
            self._background_at, client.waiting_since = time.monotonic(), 0.0
            return
        waited = time.monotonic() - client.waiting_since
        self._waited += 0.2 * (waited - self._waited)
        self.measures.took(client.source, "queue", client.queued_ms + 1_000 * waited)
        client.waiting_since = 0.0

    async def _decode(self, engine: EngineProcess, batch: list[tuple[Client, Job]]) -> None:
        """Until each is answered: while a server behind the engine is away, audio waits and nothing is given up."""
        self.measures.batch(len(batch))
        began = time.perf_counter()
        unanswered, pause = await self._try(engine, batch, began), RETRY_SECONDS
        while unanswered:
            await asyncio.sleep(pause)
            pause = min(2 * pause, SLOWEST_RETRY_SECONDS)
            still = [(client, job) for client, job in unanswered if client in self._clients]
            unanswered = await self._try(engine, still, began)

    async def _try(
        self, engine: EngineProcess, batch: list[tuple[Client, Job]], began: float
    ) -> list[tuple[Client, Job]]:
        """Decode and apply; returns what is to be tried again."""
        try:
            decoded = await engine.decode([job.window for _, job in batch])
        except EngineFailed as error:
            logger.warning("engine failed (%s): restarting it", error)
            await self._restart(engine)
            for client, job in batch:
                self._apply(client, job, await self._second_try(engine, job))
            return []
        took_ms = 1_000 * (time.perf_counter() - began)
        unanswered = []
        for (client, job), hypothesis in zip(batch, decoded.hypotheses, strict=True):
            if hypothesis.unanswered and job.ended:
                unanswered.append((client, job))
            else:
                self.measures.took(client.source, "inference", took_ms)
                self._apply(client, job, None if hypothesis.unanswered else hypothesis)
        self._note_trouble(next((found.unanswered for found in decoded.hypotheses if found.unanswered), ""))
        return unanswered

    def _note_trouble(self, trouble: str) -> None:
        if trouble and not self.trouble:
            logger.error("the engine cannot answer (%s): audio waits", trouble)
        elif self.trouble and not trouble:
            logger.warning("the engine answers again")
        self.trouble = trouble

    async def _second_try(self, engine: EngineProcess, job: Job) -> Hypothesis | None:
        """Alone, so that only the window at fault can fail; partials are not worth it."""
        if not job.ended:
            return None
        if job.window.attempt:
            logger.error("engine failed on the same speech again, alone: it stays unclear")
            return UNCLEAR
        try:
            hypothesis = (await engine.decode([job.window.again()])).hypotheses[0]
            return UNCLEAR if hypothesis.unanswered else hypothesis
        except EngineFailed as error:
            logger.error("engine failed on the same window again (%s): it stays unclear", error)
            await self._restart(engine)
            return UNCLEAR

    async def _restart(self, engine: EngineProcess) -> None:
        while True:
            try:
                return await engine.restart()
            except (EngineFailed, ModelUnavailable) as error:
                logger.error("engine does not start: %s", error)
                await asyncio.sleep(RESTART_SECONDS)

    def _apply(self, client: Client, job: Job, hypothesis: Hypothesis | None) -> None:
        self._asked = [asked for asked in self._asked if asked[1] is not job]
        client.processor.apply(job, hypothesis)
        if hypothesis is None:
            client.waiting_since = 0.0  # those who waited meanwhile come first
        client.deliver()
        self.notify(client)
