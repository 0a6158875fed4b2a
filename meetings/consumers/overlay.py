"""The overlay's socket: captions only, for a projector or streaming software that has the key and no session."""

import asyncio
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from meetings import fanout
from meetings.consumers.base import MeetingConsumer
from meetings.consumers.following import Following
from meetings.consumers.welcome import check_sequence, welcome_message
from meetings.database import in_database
from meetings.draining import drain
from meetings.models import Meeting
from meetings.protocol.events import CaptionFinal, MeetingEnded, Status
from meetings.protocol.refusals import CloseCode, ProtocolError
from meetings.protocol.requests import Hello, Ping
from meetings.protocol.texts import decode_room_request
from meetings.redis import redis_client
from meetings.services import captions, presence, transcribers
from meetings.services.access import meeting_by_overlay_key


class OverlayConsumer(MeetingConsumer):
    """Nobody is counted as present, any number may watch, and marks and chat are not passed on."""

    kind = "overlay"
    _captions: Following[CaptionFinal]
    _watching = False

    async def connect(self) -> None:
        await self.accept()
        drain.enrol(self._farewell)
        if drain.started:
            await self._farewell()
            return
        found = await self._find()
        if found is None:
            await self.refuse(CloseCode.NOT_FOUND, "not_found", "There is no such meeting, or it is over.")
            return
        self.meeting = found
        self._watching = True
        self._generation = 1  # there is no newest: any number of overlays may be open
        self._captions = Following(
            partial(captions.captions_after, found.pk), lambda final: final.sequence, self.tell, captions.MAX_MISSED
        )
        await self.channel_layer.group_add(self.meeting_group, self.channel_name)
        self._watch = asyncio.create_task(self._watch_client(), name="overlay heartbeat")

    async def _find(self) -> Meeting | None:
        key = parse_qs(self.scope["query_string"].decode("ascii", "replace")).get("key", [""])[0]
        return await in_database(meeting_by_overlay_key, self.scope["url_route"]["kwargs"]["code"], key)

    @property
    def meeting_group(self) -> str:
        """It hears what the room hears."""
        return fanout.meeting_group("room", self.meeting.pk)

    async def disconnect(self, code: int) -> None:
        drain.forget(self._farewell)
        await self._stop_watching()
        if self._watching:
            await self.channel_layer.group_discard(self.meeting_group, self.channel_name)

    async def participant_recheck(self, _message: dict[str, Any]) -> None:
        """Is the meeting still there and running?"""
        if await self._find() is None:
            await self.refuse(CloseCode.MEETING_ENDED, "meeting_ended", "This meeting is over.")

    async def receive_text(self, text: str) -> None:
        request = decode_room_request(text)
        match request:
            case Hello():
                await self._welcome(request)
            case Ping():
                await self.answer_ping(request)
                await self._send_status()
            case _:
                raise ProtocolError("read_only", "an overlay only reads")

    async def _welcome(self, hello: Hello) -> None:
        meeting = await in_database(Meeting.objects.get, pk=self.meeting.pk)
        check_sequence(hello, meeting)
        people = await in_database(presence.participants_of, meeting.pk)
        await self.tell(await welcome_message(meeting, people, you=""))
        await self._captions.start_after(hello.last_sequence)
        if not meeting.takes_audio:
            await self.tell(MeetingEnded(complete=meeting.status == Meeting.Status.ENDED))
        await self._send_status()

    async def room_event(self, message: fanout.RoomMessage) -> None:
        if self._captions.last is None or self.closing or message["change"]:
            return
        pass_on = partial(self.send, text_data=message["text"])
        if message["sequence"]:
            await self._captions.heard(message["sequence"], pass_on)
        else:
            await pass_on()

    async def room_waiting(self, _message: dict[str, Any]) -> None:
        """Who waits at the door is for hosts to know."""

    async def _send_status(self) -> None:
        state, lag_ms = await transcribers.glance()
        newest = int(await redis_client().get(captions.sequence_key(self.meeting.pk)) or 0)
        await self._captions.noticed(newest)
        await self.tell(Status(transcriber=state, lag_ms=lag_ms, sequence=max(newest, self._captions.last or 0)))
