"""The audio socket: numbered frames up, acknowledgements down. Touches Redis only once a stream is open."""

import logging
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET

from meetings.consumers.allowance import Allowance
from meetings.consumers.appending import Appender
from meetings.consumers.base import MeetingConsumer
from meetings.consumers.timing import Arrivals, age_ms
from meetings.database import in_database
from meetings.languages import preferred_languages
from meetings.protocol.events import AudioAck, AudioHold, AudioReady, AudioSummary
from meetings.protocol.frames import SAMPLE_RATES, AudioFrame, decode_frame
from meetings.protocol.refusals import CloseCode, ProtocolError
from meetings.protocol.requests import AudioStart, AudioStop, Ping
from meetings.protocol.texts import decode_audio_request
from meetings.redis import audio_bus
from meetings.services.hosting import Silence, silence_of
from meetings.services.keeping import Keeping, keeping_of
from meetings.services.rooms import MeetingOver
from meetings.services.streams import StreamRefused, open_stream
from transcription.bus import Appended, NewFrame
from transcription.errors import BusFull, BusUnavailable, StreamSuperseded, StreamUnknown
from transcription.log_ids import bind
from transcription.streams import StreamInfo

logger = logging.getLogger(__name__)

ACK_FRAMES = 3
AHEAD_SECONDS = 10.0  # by which a browser's clock may run ahead of ours
HOLD_MS = 1_000
REAL_TIME_FACTOR = 8.0  # a reconnecting page may send its backlog this fast
BURST_SECONDS = 90.0
STARTS_AT_ONCE = 60.0  # of the microphone, each of which asks the store
STARTS_A_SECOND = 1.0
MAX_IGNORED_FRAMES = 150  # after one hold: a page that heeds it has at most ten seconds on their way


@dataclass(slots=True)
class OpenStream:
    """What this connection knows and has done of its stream."""

    info: StreamInfo
    started_at: datetime
    writer: str
    next_sample: int
    frames: int = 0
    duplicate_frames: int = 0
    gap_samples: int = 0
    held_until: float = 0.0  # monotonic; 0 while audio is taken
    ignored: int = 0
    arrivals: Arrivals = field(default_factory=Arrivals)

    def count(self, appended: Sequence[Appended]) -> bool:
        """Whether an acknowledgement is due."""
        acknowledged = self.frames // ACK_FRAMES
        duplicates = sum(one.duplicate for one in appended)
        self.frames += len(appended)
        self.next_sample = appended[-1].next_sample
        self.duplicate_frames += duplicates
        self.gap_samples += sum(one.gap_samples for one in appended)
        return bool(duplicates) or self.frames // ACK_FRAMES > acknowledged


class AudioConsumer(MeetingConsumer):
    kind = "audio"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stream: OpenStream | None = None
        self._appender = Appender(self._append)
        self._silence = Silence()
        self._keeping = Keeping()
        self._allowance = Allowance(BURST_SECONDS, REAL_TIME_FACTOR)  # starting again renews nothing
        self._starts = Allowance(STARTS_AT_ONCE, STARTS_A_SECOND)

    async def entered(self) -> None:
        if not self.meeting.takes_audio:
            await self._meeting_over()

    async def _meeting_over(self) -> None:
        await self.refuse(CloseCode.MEETING_ENDED, "meeting_ended", "This meeting is over; it takes no more audio.")

    async def left(self) -> None:
        """A vanished microphone is not a pause: the page may come back with what it kept."""
        await self._appender.drained()

    async def receive_text(self, text: str) -> None:
        request = decode_audio_request(text)
        match request:
            case AudioStart():
                await self._start(request)
            case AudioStop():
                await self._stop()
            case Ping():
                self._note_round_trip(request)
                await self.answer_ping(request)

    def _note_round_trip(self, ping: Ping) -> None:
        if self._stream is not None and ping.rtt_ms is not UNSET:
            self._stream.arrivals.round_trip(ping.rtt_ms)

    # ── Streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _start(self, start: AudioStart) -> None:
        if start.sample_rate not in SAMPLE_RATES:
            raise ProtocolError("sample_rate", f"the sample rate must be one of {', '.join(map(str, SAMPLE_RATES))}")
        if not self._starts.take(1):
            raise ProtocolError("too_many_starts", "the microphone is started again and again")
        await self._appender.drained()
        try:
            info, started_at = await in_database(self._open, start)
            writer = uuid.uuid4().hex
            cursor = await audio_bus().register(info, writer, 0)
        except StreamRefused as error:
            raise ProtocolError("stream_refused", str(error)) from error
        except MeetingOver:
            await self._meeting_over()
            return
        except BusUnavailable as error:
            await self.refuse(CloseCode.TRY_LATER, "try_later", str(error))
            return
        bind(stream=info.stream_id)
        self._stream = OpenStream(info, started_at, writer, cursor)
        await self.tell(AudioReady(info.stream_id, cursor))

    def _open(self, start: AudioStart) -> tuple[StreamInfo, datetime]:
        """The stream to write, which the store need not be asked about again when it is open. In a database thread."""
        self._read_record()
        if self._stream is not None and start.stream_id == self._stream.info.stream_id:
            return self._stream.info, self._stream.started_at
        accepted = dict(self.scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        return open_stream(self.participant.pk, start, preferred_languages(accepted))

    def _read_record(self) -> None:
        self._silence = silence_of(self.meeting.pk)
        self._keeping = keeping_of(self.participant.pk)

    async def _stop(self) -> None:
        stream = self._require_stream()
        await self._appender.drained()
        await audio_bus().pause(stream.info.stream_id, stream.writer)
        await self.tell(self._summary(stream))

    def _require_stream(self) -> OpenStream:
        if self._stream is None:
            raise ProtocolError("no_stream", "send audio.start first")
        return self._stream

    def _summary(self, stream: OpenStream) -> AudioSummary:
        return AudioSummary(
            stream_id=stream.info.stream_id,
            next_sample=stream.next_sample,
            frames=stream.frames,
            duplicate_frames=stream.duplicate_frames,
            gap_samples=stream.gap_samples,
        )

    # ── Frames ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def receive_frame(self, data: bytes) -> None:
        frame = decode_frame(data)
        stream = self._require_stream()
        self._check_range(stream, frame)
        if self._is_held(stream, frame):
            await self._ignore(stream)
            return
        stream.held_until = 0.0
        frame = stream.arrivals.arrived(stream.info, frame)
        if not self._allowance.take(frame.sample_count / stream.info.sample_rate) or not self._appender.put(frame):
            await self._hold(stream)

    def _is_held(self, stream: OpenStream, frame: AudioFrame) -> bool:
        """Until the page has heeded the hold: by its time, and by starting again from where it was held."""
        return bool(stream.held_until) and (
            time.monotonic() < stream.held_until or frame.first_sample > stream.next_sample
        )

    def _check_range(self, stream: OpenStream, frame: AudioFrame) -> None:
        elapsed = (datetime.now(UTC) - stream.started_at).total_seconds() + AHEAD_SECONDS
        if (frame.first_sample + frame.sample_count) / stream.info.sample_rate > elapsed:
            raise ProtocolError("frame_out_of_range", "the frame lies in the future of its stream")

    async def _append(self, frames: list[AudioFrame]) -> None:
        stream = self._require_stream()
        try:
            appended = await audio_bus().append_all(
                stream.info.stream_id,
                stream.writer,
                [self._on_record(frame) for frame in frames],
            )
        except (BusFull, BusUnavailable):
            await self._hold(stream)
        except StreamUnknown:
            await self._register_again(stream)
        except StreamSuperseded:
            self._appender.drop()
            await self.refuse(CloseCode.SUPERSEDED, "superseded", "Another tab or window speaks for you now.")
        except Exception:  # whatever it was: these frames are only in the page now
            logger.exception("frames not appended, the page sends them again")
            await self._hold(stream)
        else:
            if stream.count(appended):
                await self.tell(AudioAck(stream.next_sample))
            if len(appended) < len(frames):
                await self._hold(stream)

    def _on_record(self, frame: AudioFrame) -> NewFrame:
        """The frame for the bus; digital silence for what was said off the record, also when it comes much later."""
        age = age_ms(frame)
        captured_at = datetime.now(UTC) - timedelta(milliseconds=age)
        if self._silence.covers(captured_at):
            return NewFrame(frame.first_sample, bytes(len(frame.pcm)), age)
        return NewFrame(frame.first_sample, frame.pcm, age, self._keeping.covers(captured_at))

    async def audio_record(self, _message: dict[str, Any]) -> None:
        """A host went off the record, or on again, or it changed whether this participant's audio is kept."""
        await in_database(self._read_record)

    async def _register_again(self, stream: OpenStream) -> None:
        with suppress(BusUnavailable):  # then the next frame tries
            await audio_bus().register(stream.info, stream.writer, stream.next_sample)
        await self._hold(stream)

    async def _hold(self, stream: OpenStream) -> None:
        """Take nothing until the page sends again from `next_sample`: what it has is kept there."""
        self._appender.drop()
        stream.ignored = 0
        stream.held_until = time.monotonic() + HOLD_MS / 1_000
        await self.tell(AudioHold(stream.next_sample, HOLD_MS))

    async def _ignore(self, stream: OpenStream) -> None:
        stream.ignored += 1
        if stream.ignored > MAX_IGNORED_FRAMES:
            await self.refuse(CloseCode.TOO_FAST, "too_fast", "Audio came much faster than real time.")

    # ── Room events ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def audio_closed(self, message: dict[str, Any]) -> None:
        if self._stream is not None:
            await self._appender.drained()
            await audio_bus().pause(self._stream.info.stream_id, self._stream.writer)
            await self.tell(self._summary(self._stream))
        await self.refuse(CloseCode.MEETING_ENDED, "meeting_ended", "The host ended the meeting.")
