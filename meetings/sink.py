"""Where a transcriber's captions go: Postgres first, then everybody in the room."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial as bind
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError
from redis.exceptions import RedisError

from meetings import fanout
from meetings.bleeding import hide_copies
from meetings.database import in_database, in_storage
from meetings.measures import measures, words_missed
from meetings.models import AudioStream, Segment
from meetings.protocol.events import CaptionFinal, CaptionPartial, WordsMissed
from meetings.redis import audio_bus, redis_client
from meetings.services import captions, corrections, keeping, kept_audio, streams
from transcription.captions import SAMPLE_RATE, Final, Gap, Partial, Settled
from transcription.clocks import bus_clock
from transcription.errors import LeaseLost, StoreUnavailable
from transcription.keeping import Piece
from transcription.latency import Source
from transcription.streams import StreamInfo
from transcription.worker import Claim

logger = logging.getLogger(__name__)
R = TypeVar("R")
KEPT_SECONDS = 24 * 3600
WORDLESS_SECONDS = 20  # of speech without a word: who speaks is told


@dataclass
class MeetingSink:
    """A `CaptionSink`: a final is stored, then announced; an announcement that fails is only a late caption."""

    _streams: dict[str, AudioStream] = field(default_factory=dict)
    _storing_since: dict[str, float] = field(default_factory=dict)  # by stream; monotonic
    _wordless: dict[str, int] = field(default_factory=dict)  # by stream; samples of speech since its last words
    _unannounced: set[str] = field(default_factory=set)  # meetings whose newest final may not be known to their pages

    async def claim(self, stream: StreamInfo) -> Claim | None:
        claimed = await _stored(bind(captions.claim_stream, stream.stream_id))
        if claimed is None:
            return None
        row = await _stored(bind(AudioStream.objects.select_related("participant").get, pk=stream.stream_id))
        self._streams[stream.stream_id] = row
        self._unannounced.add(stream.meeting_id)  # a former owner may have ended between storing and announcing
        return Claim(stream, *claimed)

    async def partial(self, claim: Claim, partial: Partial) -> None:
        row = self._streams[claim.stream.stream_id]
        with suppress(RedisError):
            await _announce(claim, captions.partial_view(row, partial), partial.end_sample, partial.confidence)

    async def store(self, claim: Claim, caption: Final | Gap) -> None:
        stream_id = claim.stream.stream_id
        began = self._storing_since.setdefault(stream_id, time.monotonic())  # at the first of several attempts
        stored = await _stored(bind(captions.store_caption, stream_id, claim.fence, caption))
        del self._storing_since[stream_id]
        measures.took(_source(claim), "store", 1_000 * (time.monotonic() - began))
        if stored is None:
            self._unannounced.add(claim.stream.meeting_id)
            return
        copies = []
        if isinstance(caption, Final):
            self._wordless.pop(stream_id, None)
            copies = await _copies(stored.segment_id, caption.sound)
        shown = next((captions.caption_view(copy) for copy in copies if copy.pk == stored.segment_id), stored)
        try:
            await redis_client().set(captions.sequence_key(claim.stream.meeting_id), shown.sequence, ex=KEPT_SECONDS)
            await _announce(claim, shown, caption.end_sample)
            await corrections.announce(copies)
        except RedisError as error:
            self._unannounced.add(claim.stream.meeting_id)
            logger.warning("stream %s: not announced (%s)", stream_id, type(error).__name__)

    async def settle(self, claim: Claim, settled: Settled) -> None:
        await _stored(bind(captions.settle_stream, claim.stream.stream_id, claim.fence, settled))
        await self._tell_of_missed_words(claim, settled.wordless)
        await self._announce_newest(claim.stream.meeting_id)

    async def keep(self, claim: Claim, piece: Piece) -> None:
        stream, fence = claim.stream, claim.fence
        saving = (stream.meeting_id, stream.stream_id, fence, piece, stream.sample_rate)
        try:
            name, size_bytes = await in_storage(bind(kept_audio.save_file, *saving))
        except StoreUnavailable:
            await _note_stuck(stream.meeting_id)
            raise
        try:
            kept = await _stored(bind(kept_audio.record, stream.stream_id, fence, piece, name, size_bytes))
        except LeaseLost:
            await in_storage(bind(kept_audio.drop_file, name))
            raise
        if not kept:
            await in_storage(bind(kept_audio.drop_file, name))

    async def released(self, claim: Claim) -> None:
        stream_id = claim.stream.stream_id
        await self._announce_newest(claim.stream.meeting_id)
        self._streams.pop(stream_id, None)
        self._wordless.pop(stream_id, None)
        self._storing_since.pop(stream_id, None)
        if received := await audio_bus().cursor(stream_id):
            await _stored(bind(streams.note_received, stream_id, received))
        meeting_id = UUID(claim.stream.meeting_id)
        stream_ids = await _stored(bind(streams.unfinished_streams, meeting_id))
        if stream_ids and await audio_bus().drained(stream_ids):
            with suppress(RedisError):  # nobody could be told: `complete_meetings` tries again
                await _stored(bind(streams.finish_drained, meeting_id))

    async def _tell_of_missed_words(self, claim: Claim, wordless: int) -> None:
        """Whoever speaks is told, and again while it goes on."""
        stream_id = claim.stream.stream_id
        missed = self._wordless.get(stream_id, 0) + wordless
        if missed >= WORDLESS_SECONDS * SAMPLE_RATE:
            words_missed.inc()
            event = WordsMissed(missed // SAMPLE_RATE)
            with suppress(RedisError, OSError):
                await fanout.tell(self._streams[stream_id].participant_id, event, of_meeting=claim.stream.meeting_id)
            missed = 0
        self._wordless[stream_id] = missed

    async def _announce_newest(self, meeting_id: str) -> None:
        """Where an announcement failed: pages compare the numbers with what they have, and read the rest."""
        if meeting_id not in self._unannounced:
            return
        self._unannounced.discard(meeting_id)  # another stream's may fail while this is under way
        try:
            sequence, edit = await _stored(bind(captions.newest_numbers, meeting_id))
            await redis_client().set(captions.sequence_key(meeting_id), sequence, ex=KEPT_SECONDS)
            await redis_client().set(captions.edit_key(meeting_id), edit, ex=KEPT_SECONDS)
        except (RedisError, StoreUnavailable) as error:
            self._unannounced.add(meeting_id)
            logger.warning("meeting %s: newest final not announced (%s)", meeting_id, type(error).__name__)


async def _note_stuck(meeting_id: str) -> None:
    """Pages are told with their next status."""
    with suppress(RedisError):
        await redis_client().set(keeping.stuck_key(meeting_id), 1, ex=keeping.STUCK_SECONDS)


async def _copies(segment_id: int, sound: bytes) -> list[Segment]:
    """Lines that this one makes known as copies; a store that fails now only leaves them shown."""
    try:
        return await hide_copies(segment_id, sound)
    except (DatabaseError, RedisError) as error:
        logger.warning("segment %d: not compared with other microphones (%s)", segment_id, type(error).__name__)
        return []


async def _announce(
    claim: Claim, event: CaptionFinal | CaptionPartial, end_sample: int, confidence: float | None = None
) -> None:
    times = _times(claim, end_sample) if event.text else None
    await fanout.publish(claim.stream.meeting_id, event, times, confidence=confidence)


def _times(claim: Claim, end_sample: int) -> fanout.CaptionTimes:
    spoken_ms = claim.spoken.at(end_sample) or 0.0
    return {"stream_id": claim.stream.stream_id, "spoken_ms": spoken_ms, "ready_ms": bus_clock.now_ms()}


def _source(claim: Claim) -> Source:
    return Source(claim.stream.meeting_id, claim.stream.stream_id)


async def _stored(call: Callable[[], R]) -> R:
    try:
        return await in_database(call)
    except DatabaseError as error:
        raise StoreUnavailable(type(error).__name__) from error
