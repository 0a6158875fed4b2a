"""The socket of a program: audio up, text down. What was said is stored like everybody's words."""

import asyncio
import logging
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from meetings import fanout, streaming
from meetings.consumers.allowance import Allowance
from meetings.consumers.audio import BURST_SECONDS, REAL_TIME_FACTOR
from meetings.consumers.bearer import shown_token
from meetings.consumers.following import Following
from meetings.consumers.program_text import TextDown
from meetings.consumers.socket import Socket
from meetings.database import in_database
from meetings.draining import drain
from meetings.measures import refusals, sockets
from meetings.models import ApiToken
from meetings.protocol.events import CaptionFinal, CaptionPartial, Error
from meetings.protocol.refusals import CloseCode, ProtocolError
from meetings.redis import audio_bus
from meetings.services import attendance, captions, sessions, tokens
from meetings.services.hosting import silence_of
from transcription.captions import SAMPLE_RATE
from transcription.errors import BusFull, BusUnavailable, StreamSuperseded, StreamUnknown, TranscriptionError
from transcription.log_ids import bind

logger = logging.getLogger(__name__)

SCOPE = "stream"
KIND = "program"  # in the measures
ACK_SAMPLES = SAMPLE_RATE // 2
MAX_REFUSALS = 10
CHECK_SECONDS = 5.0
REQUESTS_AT_ONCE = 100.0  # that are no audio
REQUESTS_A_SECOND = 10.0
HOLD_SECONDS = 10.0  # that audio waits for a store before the program has to come back
RETRY_SECONDS = 0.5
FLUSH_SECONDS = 30.0  # that a close waits for the last words

_caption = msgspec.json.Decoder(CaptionFinal | CaptionPartial)


class ProgramConsumer(Socket):
    """One session at a time; the newest connection of a session is the one that counts."""

    _token: ApiToken
    _text: TextDown
    _session: sessions.Session
    _captions: Following[CaptionFinal]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writer = uuid.uuid4().hex
        self._open = False
        self._closing = False
        self._allowance = Allowance(BURST_SECONDS, REAL_TIME_FACTOR)
        self._requests = Allowance(REQUESTS_AT_ONCE, REQUESTS_A_SECOND)
        self._next = self._acknowledged = 0
        self._refusals = 0
        self._last_message = time.monotonic()
        self._place = ""  # among the streams of its token
        self._watch: asyncio.Task[None] | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As the sockets of a room do: no visit to the database on each message, and no 1011."""
        handler = getattr(self, message["type"].replace(".", "_"), None)
        if handler is None:
            return  # what only pages need to know
        try:
            await handler(message)
        except StopConsumer:
            if self._watch is not None:
                self._watch.cancel()
            raise
        except (DatabaseError, RedisError, TranscriptionError) as error:
            logger.warning("program socket: a store is away (%s)", type(error).__name__)
            await self._refuse(CloseCode.TRY_LATER, "try_later", "The server cannot reach its stores; come back soon.")

    # ── Coming and going ────────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self) -> None:
        await self.accept()
        drain.enrol(self._farewell)
        token = await in_database(tokens.holder, shown_token(self.scope))
        if token is None:
            return await self._refuse(CloseCode.NOT_SIGNED_IN, "not_signed_in", "This needs a token with a header.")
        if SCOPE not in token.scopes:
            return await self._refuse(CloseCode.SCOPE_MISSING, "scope_missing", f"The token lacks the scope {SCOPE}.")
        self._token = token
        try:
            await self._begin()
        except ProtocolError as error:
            await self._refuse(CloseCode.BAD_MESSAGES, error.code, error.message)
        except sessions.TooMany:
            limit = f"A token may have {settings.PROGRAM_STREAMS} streams at once."
            await self._refuse(CloseCode.TOO_FAST, "too_many_streams", limit)
        except sessions.SessionOver as error:
            await self._refuse(CloseCode.MEETING_ENDED, "meeting_ended", str(error))
        except sessions.SessionRefused as error:
            await self._refuse(CloseCode.NOT_FOUND, "not_found", str(error))
        return None

    async def _begin(self) -> None:
        asked = streaming.Asked.of(self.scope["query_string"])
        user, name = self._token.user, self._token.name
        place = asked.session_id or self._writer
        await sessions.take_place(self._token.pk, place)
        self._place = place
        if asked.session_id:
            self._session = await in_database(sessions.resume, user, asked.session_id, asked.after)
        else:
            self._session = await in_database(sessions.begin, user, asked.meeting, name, asked.language)
            await attendance.announce_person(self._session.participant.meeting_id, self._session.participant.pk)
        stream_id, meeting_id = self._stream_id, self._session.participant.meeting_id
        await self._change_place(stream_id)
        self._own = self._session.own_meeting or await sessions.has_own_meeting(stream_id)
        self._next = self._acknowledged = await audio_bus().register(self._session.info, self._writer, 0)
        self._text = TextDown(stream_id, asked, self._tell)
        self._captions = Following(
            partial(captions.captions_after, meeting_id),
            lambda final: final.sequence,
            self._text.final,
            captions.MAX_MISSED,
        )
        for group in self._groups:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.audio_record({})
        bind(connection=self._writer, meeting=str(meeting_id), stream=stream_id)
        sockets.labels(KIND).inc()
        self._open = True
        await self._keep()
        await self._tell(streaming.Ready(stream_id, str(meeting_id), SAMPLE_RATE, self._next))
        await self._captions.start_after(self._session.newest)
        self._watch = asyncio.create_task(self._watch_client(), name="program watch")

    async def disconnect(self, code: int) -> None:
        """A connection that broke is no close: the session can be resumed."""
        drain.forget(self._farewell)
        if self._watch is not None:
            self._watch.cancel()
        if self._place:
            with suppress(RedisError):  # it is free in PLACE_SECONDS
                await sessions.leave_place(self._token.pk, self._place)
        if self._open:
            sockets.labels(KIND).dec()
            for group in self._groups:
                await self.channel_layer.group_discard(group, self.channel_name)

    @property
    def _groups(self) -> list[str]:
        """Whose events it hears: the captions, the end of audio, and what happens to its participant."""
        person = self._session.participant
        of_meeting = (fanout.meeting_group(kind, person.meeting_id) for kind in ("room", "audio"))
        return [*of_meeting, fanout.participant_group(person.pk)]

    @property
    def _stream_id(self) -> str:
        return self._session.info.stream_id

    async def _change_place(self, stream_id: str) -> None:
        """A session that comes back takes the place that it had."""
        if self._place != stream_id:
            await sessions.hold_place(self._token.pk, stream_id)
            await sessions.leave_place(self._token.pk, self._place)
            self._place = stream_id

    async def _keep(self) -> None:
        if self._own:
            await sessions.keep(self._stream_id)

    async def _farewell(self) -> None:
        await self._refuse(CloseCode.RESTARTING, "restarting", "The server restarts: come back with session_id.")

    async def _watch_client(self) -> None:
        while not self._closing:
            await asyncio.sleep(CHECK_SECONDS)
            limit = settings.PROGRAM_IDLE_SECONDS
            if time.monotonic() - self._last_message > limit:
                await self._refuse(CloseCode.SILENT_CLIENT, "idle", f"No message for {limit} s.")
            with suppress(RedisError):
                await sessions.hold_place(self._token.pk, self._place)
            with suppress(DatabaseError):
                if not await in_database(tokens.is_valid, self._token.pk):
                    await self._refuse(CloseCode.NOT_SIGNED_IN, "not_signed_in", "The token ended.")

    # ── Audio up ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._closing or not self._open:
            return
        self._last_message = time.monotonic()
        try:
            if bytes_data is not None:
                await self._take(streaming.checked(bytes_data))
            elif text_data is not None:
                await self._answer(streaming.decode_request(text_data))
        except ProtocolError as error:
            self._refusals += 1
            if self._refusals >= MAX_REFUSALS:
                await self._refuse(CloseCode.BAD_MESSAGES, error.code, f"{error.message} (too many refused messages)")
            await self._tell(Error(error.code, error.message))

    async def _answer(self, request: streaming.Request) -> None:
        if not isinstance(request, streaming.Audio) and not self._requests.take(1):
            return await self.overrun()
        match request:
            case streaming.Audio():
                if request.session_id not in {"", self._stream_id}:
                    raise ProtocolError("other_session", "this connection is another session's")
                await self._take(streaming.decode_chunk(request.chunk), request.age_ms)
            case streaming.Finalize():
                await audio_bus().pause(self._stream_id, self._writer)
            case streaming.Close():
                await self._close()
            case streaming.KeepAlive():
                await self._keep()
        return None

    async def overrun(self) -> None:
        await self._refuse(CloseCode.TOO_FAST, "too_fast", "Messages come faster than they can be answered.")

    async def _take(self, pcm: bytes, age_ms: int = 0) -> None:
        if not self._allowance.take(len(pcm) / 2 / SAMPLE_RATE):
            return await self._refuse(CloseCode.TOO_FAST, "too_fast", "Audio came much faster than real time.")
        until = time.monotonic() + HOLD_SECONDS
        spoken_at = datetime.now(UTC) - timedelta(milliseconds=age_ms)
        while not self._closing and not await self._append(pcm, spoken_at):
            if time.monotonic() > until:
                return await self._refuse(CloseCode.TRY_LATER, "try_later", "No store takes audio: come back soon.")
            await self._tell(streaming.Hold(self._next, round(1_000 * RETRY_SECONDS)))
            await asyncio.sleep(RETRY_SECONDS)
        if self._next - self._acknowledged >= ACK_SAMPLES:
            self._acknowledged = self._next
            await self._keep()
            await self._tell(streaming.Ack(self._next))
        return None

    async def _append(self, pcm: bytes, spoken_at: datetime) -> bool:
        """False when it has to be tried again. What was said off the record is silence, also when it comes later."""
        try:
            on_record = bytes(len(pcm)) if self._silence.covers(spoken_at) else pcm
            self._next = (await audio_bus().append(self._stream_id, self._writer, self._next, on_record)).next_sample
        except (BusFull, BusUnavailable):
            return False
        except StreamUnknown:
            await audio_bus().register(self._session.info, self._writer, self._next)
            return False
        except StreamSuperseded:
            await self._refuse(CloseCode.SUPERSEDED, "superseded", "Another connection goes on with this session.")
        return True

    async def _close(self) -> None:
        summary = await self._flush()
        if self._own:
            await sessions.forget(self._stream_id)
            await in_database(sessions.end, self._stream_id)
        await self._tell(summary)
        self._closing = True
        await self.close(1000)

    async def _flush(self) -> streaming.Summary:
        """What was said becomes text, and is told."""
        await audio_bus().pause(self._stream_id, self._writer)
        complete = await self._settled()
        await self._captions.catch_up()
        return streaming.Summary(self._stream_id, self._next, self._text.finals, complete)

    async def _settled(self) -> bool:
        """Wait until all audio is text."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                while not await audio_bus().drained([self._stream_id]):
                    await asyncio.sleep(0.1)
                return True
        return False

    # ── Room events ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def audio_record(self, _message: dict[str, Any]) -> None:
        """A host went off the record, or on again: digital silence is kept of what comes meanwhile."""
        self._silence = await in_database(silence_of, self._session.participant.meeting_id)

    async def audio_closed(self, _message: dict[str, Any]) -> None:
        if self._closing:
            return
        await self._tell(await self._flush())
        await self._refuse(CloseCode.MEETING_ENDED, "meeting_ended", "The meeting ended.")

    async def participant_removed(self, message: dict[str, Any]) -> None:
        await self.participant_recheck(message)

    async def participant_recheck(self, _message: dict[str, Any]) -> None:
        if not await in_database(sessions.may_speak, self._session.participant.pk):
            await self._refuse(CloseCode.REMOVED, "removed", "You are not in this meeting any more.")

    # ── Text down ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def room_event(self, message: fanout.RoomMessage) -> None:
        """Finals are read in their order; of partials only one's own are passed on."""
        if self._closing or not self._open:
            return
        if message["sequence"]:
            final = _caption.decode(message["text"])
            assert isinstance(final, CaptionFinal)
            await self._captions.heard(message["sequence"], partial(self._text.final, final))
        elif b'"caption.partial"' in message["text"].encode():
            await self._text.partial(_caption.decode(message["text"]), message.get("confidence", 0.0))

    async def _tell(self, event: streaming.Event) -> None:
        if not self._closing:
            await self.send(text_data=streaming.encode(event))

    async def _refuse(self, close_code: CloseCode, code: str, message: str) -> None:
        """Say why, then close."""
        if not self._closing:
            await self._tell(Error(code, message))
            self._closing = True
            refusals.labels(KIND, str(int(close_code))).inc()
            await self.close(int(close_code))
