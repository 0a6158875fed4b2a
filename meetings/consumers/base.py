"""What both sockets of a room share: who may enter, refusals, heartbeat, newest tab wins."""

import asyncio
import logging
import random
import time
import uuid
from contextlib import suppress
from typing import Any

from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from meetings import fanout
from meetings.consumers.allowance import Allowance
from meetings.consumers.socket import Socket
from meetings.database import in_database
from meetings.draining import drain
from meetings.measures import refusals, sockets
from meetings.models import Meeting, Participant
from meetings.protocol.events import AudioEvent, Error, Pong, RoomEvent
from meetings.protocol.refusals import CloseCode, ProtocolError
from meetings.protocol.requests import Ping
from meetings.protocol.texts import encode
from meetings.redis import redis_client
from meetings.services.access import admission_by_session, participant_by_session, still_admitted
from transcription.errors import TranscriptionError
from transcription.log_ids import bind

logger = logging.getLogger(__name__)

MAX_REFUSALS = 10  # refused messages before the socket is closed
TEXTS_AT_ONCE = 1_000.0  # a room's signals for five connections, twice, and what people do meanwhile
TEXTS_A_SECOND = 40.0
CHECK_SECONDS = 3.0
SILENCE_SECONDS = 18.0  # without a ping, which comes every 5 s, the client is gone, also one that still sends audio
RECHECK_SECONDS = 300.0  # in case the event that a sign-in ended was lost
UNREAD_SECONDS = 9.0  # pings come every 5 s with the newest pong's number: the second that brings no news is too late


class MeetingConsumer(Socket):
    """Subclasses say their `kind` and answer `entered`, `receive_text` and `receive_frame`."""

    kind: str
    meeting: Meeting
    participant: Participant

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection = uuid.uuid4().hex
        self._admitted = False
        self._generation = 0  # of the newest tab; 0 until it says something
        self._refusals = 0
        self._texts = Allowance(TEXTS_AT_ONCE, TEXTS_A_SECOND)
        self._pongs = 0
        self._echo = 0
        self._last_ping = self._last_read = time.monotonic()
        self._watch: asyncio.Task[None] | None = None
        self.closing = False

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does, without its visit to the database thread on every message."""
        handler = getattr(self, message["type"].replace(".", "_"), None)
        if handler is None:
            raise ValueError(f"no handler for {message['type']}")
        try:
            await handler(message)
        except StopConsumer:
            await self._stop_watching()
            raise
        except (DatabaseError, RedisError, TranscriptionError) as error:
            logger.warning("%s socket: a store is away (%s)", self.kind, type(error).__name__)
            await self.refuse(CloseCode.TRY_LATER, "try_later", "The server cannot reach its stores; trying again.")

    # ── Coming and going ────────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self) -> None:
        await self.accept()
        drain.enrol(self._farewell)
        if drain.started:
            await self._farewell()
            return
        found = await in_database(participant_by_session, self.scope["url_route"]["kwargs"]["code"], self._session_key)
        if found is None:
            await self._turn_away()
            return
        self.participant = found
        self.meeting = found.meeting
        bind(connection=self.connection, meeting=str(found.meeting.pk))
        self._admitted = True
        sockets.labels(self.kind).inc()
        await self.channel_layer.group_add(fanout.participant_group(found.pk), self.channel_name)
        await self.channel_layer.group_add(self.meeting_group, self.channel_name)
        self._watch = asyncio.create_task(self._watch_client(), name=f"{self.kind} heartbeat")
        await self.entered()

    async def _turn_away(self) -> None:
        code = self.scope["url_route"]["kwargs"]["code"]
        admission = await in_database(admission_by_session, code, self._session_key)
        if admission == Participant.Admission.REMOVED:
            await self.participant_removed({})
        elif admission == Participant.Admission.WAITING:
            await self.refuse(CloseCode.WAITING, "waiting", "A host has not let you in yet.")
        else:
            await self.refuse(CloseCode.NOT_FOUND, "not_found", "There is no such meeting, or you have not joined it.")

    async def participant_removed(self, _message: dict[str, Any]) -> None:
        await self.refuse(CloseCode.REMOVED, "removed", "A host removed you from this meeting.")

    async def participant_told(self, message: dict[str, Any]) -> None:
        """An event for this participant's page alone; the audio socket has none."""

    async def _farewell(self) -> None:
        await self.refuse(CloseCode.RESTARTING, "restarting", "The server restarts; this page comes back by itself.")

    @property
    def _session_key(self) -> str | None:
        cookies: dict[str, str] = self.scope["cookies"]
        return cookies.get(settings.SESSION_COOKIE_NAME)

    async def _become_newest(self) -> None:
        """The newest tab that says something wins: older sockets of this kind are told and closed.

        Not at the handshake: a server that stood still answers many handshakes whose pages have long given up.
        """
        key = f"connections:{self.kind}:{self.participant.pk}"
        self._generation = await redis_client().incr(key)
        await redis_client().expire(key, 24 * 3600)
        await fanout.supersede(self.participant.pk, self.kind, self._generation)

    @property
    def meeting_group(self) -> str:
        """The group of this meeting's sockets of this kind."""
        return fanout.meeting_group(self.kind, self.meeting.pk)

    async def entered(self) -> None:
        """The participant is known and admitted."""

    async def left(self) -> None:
        """The socket is closed; called once for everyone who entered."""

    async def disconnect(self, code: int) -> None:
        drain.forget(self._farewell)
        await self._stop_watching()
        if self._admitted:
            sockets.labels(self.kind).dec()
            await self.channel_layer.group_discard(self.meeting_group, self.channel_name)
            await self.channel_layer.group_discard(fanout.participant_group(self.participant.pk), self.channel_name)
            await self.left()

    async def participant_superseded(self, message: dict[str, Any]) -> None:
        if message["kind"] == self.kind and message["generation"] > self._generation:
            await self.refuse(CloseCode.SUPERSEDED, "superseded", "You opened this meeting in another tab or window.")

    async def participant_recheck(self, _message: dict[str, Any]) -> None:
        """Somebody signed out, was removed or changed the password: may this socket stay?"""
        admitted = await in_database(still_admitted, self.participant, self._session_key)
        if admitted is None:
            await self.refuse(CloseCode.NOT_SIGNED_IN, "not_signed_in", "You signed out, or the sign-in ended.")
        elif not admitted:
            await self.refuse(CloseCode.NOT_FOUND, "not_found", "You are not in this meeting any more.")

    # ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.closing:
            return
        if not self._generation:
            await self._become_newest()
        try:
            if bytes_data is not None:
                await self.receive_frame(bytes_data)
            elif text_data is not None and self._texts.take(1):
                await self.receive_text(text_data)
            elif text_data is not None:
                await self.overrun()
        except ProtocolError as error:
            await self._count_refusal(error)

    async def overrun(self) -> None:
        await self.refuse(CloseCode.TOO_FAST, "too_fast", "Messages come faster than they can be answered.")

    async def receive_text(self, text: str) -> None:
        raise NotImplementedError

    async def receive_frame(self, data: bytes) -> None:
        raise ProtocolError("unexpected_binary", "this socket takes JSON texts only")

    async def _count_refusal(self, error: ProtocolError) -> None:
        self._refusals += 1
        if error.code == "frame_too_large":
            await self.refuse(CloseCode.TOO_LARGE, error.code, error.message)
        elif self._refusals >= MAX_REFUSALS:
            await self.refuse(CloseCode.BAD_MESSAGES, error.code, f"{error.message} (too many refused messages)")
        else:
            await self.tell(Error(error.code, error.message, error.about))

    async def tell(self, event: RoomEvent | AudioEvent) -> None:
        if not self.closing:
            await self.send(text_data=encode(event))

    async def refuse(self, close_code: CloseCode, code: str, message: str) -> None:
        """Say why, then close. Nothing is sent or taken afterwards."""
        if self.closing:
            return
        await self.tell(Error(code, message))
        self.closing = True
        refusals.labels(self.kind, str(int(close_code))).inc()
        await self.close(int(close_code))  # autobahn takes no IntEnum

    # ── Heartbeat ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def answer_ping(self, ping: Ping) -> None:
        self._last_ping = time.monotonic()
        if ping.echo > self._echo or self._echo == self._pongs:  # it read the newest pong, or there is none to read
            self._last_read = self._last_ping
        elif self._last_ping - self._last_read > UNREAD_SECONDS:
            await self.refuse(CloseCode.SILENT_CLIENT, "not_reading", "This page does not read any more.")
        self._echo = ping.echo
        self._pongs += 1
        await self.tell(Pong(self._pongs))

    async def _watch_client(self) -> None:
        recheck_at = time.monotonic() + RECHECK_SECONDS * (1 + random.random())
        while not self.closing:
            await asyncio.sleep(CHECK_SECONDS)
            if time.monotonic() > recheck_at:
                recheck_at = time.monotonic() + RECHECK_SECONDS
                with suppress(DatabaseError):
                    await self.participant_recheck({})
            if time.monotonic() - self._last_ping > SILENCE_SECONDS and not self.behind:
                await self.refuse(CloseCode.SILENT_CLIENT, "silent", "No sign of life from this page for 18 s.")

    async def _stop_watching(self) -> None:
        if self._watch is not None and self._watch is not asyncio.current_task():
            self._watch.cancel()
            self._watch = None
