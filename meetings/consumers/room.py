"""The room socket: captions, presence and state as JSON texts."""

from typing import Any

from meetings import fanout
from meetings.consumers.base import MeetingConsumer
from meetings.database import in_database
from meetings.models import Meeting
from meetings.protocol import (
    CloseCode,
    Hello,
    MeetingEnded,
    MeetingView,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantState,
    Ping,
    ProtocolError,
    State,
    Status,
    Welcome,
    decode_room_request,
)
from meetings.redis import redis_client
from meetings.services import captions, presence, transcribers
from meetings.services.rooms import start_meeting


class RoomConsumer(MeetingConsumer):
    """Sends every final exactly once and in order: the layer's events are hints, the store fills holes."""

    kind = "room"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sequence: int | None = None  # of the last final sent; None before `hello`

    async def entered(self) -> None:
        if self.meeting.takes_audio:
            await in_database(start_meeting, self.meeting)
            await in_database(presence.record_joined, self.participant.pk)
        await presence.beat(self.meeting.pk, self.participant.pk, self.connection)
        view = presence.participant_view(self.participant, {str(self.participant.pk)}, set())
        await fanout.publish(self.meeting.pk, ParticipantJoined(view))

    async def left(self) -> None:
        if await presence.leave(self.meeting.pk, self.participant.pk, self.connection):
            await presence.set_muted(self.meeting.pk, self.participant.pk, True)
            await in_database(presence.record_left, self.participant.pk)
            await fanout.publish(self.meeting.pk, ParticipantLeft(str(self.participant.pk)))

    async def receive_text(self, text: str) -> None:
        request = decode_room_request(text)
        match request:
            case Hello():
                await self._welcome(request.last_sequence)
            case Ping():
                await self._answer_heartbeat(request)
            case State():
                await self._set_muted(request.muted)

    # ── Welcome and history ─────────────────────────────────────────────────────────────────────────────────────────

    async def _welcome(self, last_sequence: int) -> None:
        meeting = await in_database(Meeting.objects.get, pk=self.meeting.pk)
        if last_sequence > meeting.last_sequence:
            raise ProtocolError("sequence_unknown", f"the newest caption is {meeting.last_sequence}")
        await self.tell(await self._welcome_message(meeting))
        self._sequence = last_sequence
        await self._send_missing()
        if not meeting.takes_audio:
            await self.tell(MeetingEnded(complete=meeting.status == Meeting.Status.ENDED))
        await self._send_status()

    async def _welcome_message(self, meeting: Meeting) -> Welcome:
        here = await presence.present(meeting.pk)
        unmuted = await presence.unmuted(meeting.pk)
        people = await in_database(presence.participants_of, meeting.pk)
        return Welcome(
            meeting=MeetingView(
                code=meeting.code,
                title=meeting.title,
                status=meeting.status,
                started_at=meeting.started_at.isoformat() if meeting.started_at else None,
                language=meeting.language,
            ),
            participants=[presence.participant_view(person, here, unmuted) for person in people],
            you=str(self.participant.pk),
            sequence=meeting.last_sequence,
        )

    async def _send_missing(self) -> None:
        """Send all stored captions after the last one sent."""
        while self._sequence is not None:
            missing = await in_database(captions.captions_after, self.meeting.pk, self._sequence)
            for caption in missing:
                await self.tell(caption)
                self._sequence = caption.sequence
            if len(missing) < captions.MAX_MISSED:
                return

    async def room_event(self, message: fanout.RoomMessage) -> None:
        if self._sequence is None or self.closing:
            return
        if message["sequence"] == 0:
            await self.send(text_data=message["text"])
        elif message["sequence"] == self._sequence + 1:
            self._sequence = message["sequence"]
            await self.send(text_data=message["text"])
        elif message["sequence"] > self._sequence:
            await self._send_missing()

    # ── Heartbeat and state ─────────────────────────────────────────────────────────────────────────────────────────

    async def _answer_heartbeat(self, ping: Ping) -> None:
        await self.answer_ping(ping)
        await presence.beat(self.meeting.pk, self.participant.pk, self.connection)
        await self._send_status()

    async def _send_status(self) -> None:
        state, lag_ms = transcribers.summary(list((await transcribers.reports()).values()))
        newest = int(await redis_client().get(captions.sequence_key(self.meeting.pk)) or 0)
        if self._sequence is not None and newest > self._sequence:
            await self._send_missing()
        await self.tell(Status(transcriber=state, lag_ms=lag_ms, sequence=max(newest, self._sequence or 0)))

    async def _set_muted(self, muted: bool) -> None:
        if not self.meeting.takes_audio:
            await self.refuse(CloseCode.MEETING_ENDED, "meeting_ended", "This meeting is over.")
            return
        await presence.set_muted(self.meeting.pk, self.participant.pk, muted)
        await fanout.publish(self.meeting.pk, ParticipantState(str(self.participant.pk), muted))
