"""The room socket: captions, marks, presence and state as JSON texts."""

import time
from functools import partial
from typing import Any

from msgspec import UNSET

from meetings import fanout
from meetings.consumers.allowance import Allowance
from meetings.consumers.base import MeetingConsumer
from meetings.consumers.company import PATIENCE_SECONDS, Company
from meetings.consumers.following import Following
from meetings.consumers.hosting import host_meeting
from meetings.consumers.timing import delivered
from meetings.consumers.welcome import Room, enter_room, room_of, views, welcome_message
from meetings.database import in_database
from meetings.models import Meeting
from meetings.protocol.events import (
    CaptionFinal,
    MarkChanged,
    MeetingEnded,
    ParticipantHand,
    ParticipantJoined,
    ParticipantState,
    SegmentUpdated,
    Signalled,
    Status,
)
from meetings.protocol.refusals import CloseCode, ProtocolError
from meetings.protocol.requests import AddMark, AgreeToKeeping, EditMark, EditSegment, Hand, Hello, Ping, Signal, State
from meetings.protocol.texts import decode_room_request
from meetings.redis import redis_client
from meetings.services import (
    attendance,
    captions,
    corrections,
    hosting,
    keeping,
    marks,
    measurements,
    presence,
    transcribers,
)
from meetings.services.hearing import ice_servers
from meetings.services.rooms import start_meeting

SIGNALS_AT_ONCE = 600.0  # five connections with a dozen candidates each, and again after a break
SIGNALS_A_SECOND = 20.0


class RoomConsumer(MeetingConsumer):
    """Sends every final, correction and mark exactly once and in order; passes on all other events after `hello`."""

    kind = "room"
    _captions: Following[CaptionFinal]
    _edits: Following[SegmentUpdated]
    _marks: Following[MarkChanged]
    _company: Company
    _state = State(muted=True)
    _hand_ms: int | None = None
    _signals: Allowance

    async def entered(self) -> None:
        self._signals = Allowance(SIGNALS_AT_ONCE, SIGNALS_A_SECOND)
        self._company = Company(self._tell_everybody, partial(self.remind, PATIENCE_SECONDS, "company.overdue"))
        meeting_id = self.meeting.pk
        self._captions = Following(
            partial(captions.captions_after, meeting_id), lambda final: final.sequence, self.tell, captions.MAX_MISSED
        )
        self._edits = Following(
            partial(captions.edits_after, meeting_id), lambda change: change.edit, self.tell, captions.MAX_MISSED
        )
        self._marks = Following(
            partial(marks.marks_after, meeting_id), lambda mark: mark.change, self.tell, marks.MAX_READ
        )
        if self.meeting.status == Meeting.Status.SCHEDULED:
            await in_database(start_meeting, self.meeting)
        if await presence.beat(self.meeting.pk, self.participant.pk, self.connection):
            await attendance.come(self.participant)

    async def left(self) -> None:
        change = await presence.leave(self.meeting.pk, self.participant.pk, self.connection)
        if change is not None:
            await attendance.go(self.meeting.pk, self.participant.pk, change)

    async def receive_text(self, text: str) -> None:
        request = decode_room_request(text)
        match request:
            case Hello():
                await self._welcome(request)
            case Ping():
                await self._answer_heartbeat(request)
            case State() | Hand() | AgreeToKeeping():
                await self._about_oneself(request)
            case Signal():
                await self._signal(request)
            case AddMark() | EditMark():
                await self._mark(request)
            case EditSegment():
                await self._correct(request)
            case _:
                await host_meeting(self.participant, request)

    # ── Welcome and history ─────────────────────────────────────────────────────────────────────────────────────────

    async def _welcome(self, hello: Hello) -> None:
        newest_change = int(await redis_client().get(fanout.presence_key(self.meeting.pk)) or 0)
        room, missed = await in_database(enter_room, self.participant, hello)
        meeting = room.meeting
        self._company.start_after(newest_change)
        you = str(self.participant.pk)
        await self.tell(await welcome_message(meeting, room.people, you, ice_servers(you)))
        await self._tell_doors(room)
        await self._captions.start_after(hello.last_sequence, missed.captions)
        await self._edits.start_after(min(hello.last_edit, meeting.last_edit), missed.edits)
        await self._marks.start_after(min(hello.last_change, meeting.last_change), missed.marks)
        await self._tell_end(meeting)
        await self._send_status()

    async def company_overdue(self, _message: dict[str, Any]) -> None:
        await self._company.overdue()

    async def _tell_everybody(self) -> None:
        room = await in_database(room_of, self.participant)
        for person in await views(self.meeting.pk, room.people):
            await self.tell(ParticipantJoined(person))
        await self._tell_doors(room)
        await self._tell_end(room.meeting)

    async def _tell_end(self, meeting: Meeting) -> None:
        if not meeting.takes_audio:
            await self.tell(MeetingEnded(complete=meeting.status == Meeting.Status.ENDED))

    async def _tell_doors(self, room: Room) -> None:
        """How a host has set the meeting; to hosts also who waits."""
        await self.tell(hosting.doors(room.meeting))
        for span in room.off_record:
            await self.tell(span)
        if room.waiting is not None:
            await self.tell(room.waiting)

    async def room_waiting(self, _message: dict[str, Any]) -> None:
        if self.participant.is_host:
            await self.tell(await in_database(hosting.waiting, self.meeting.pk))

    async def _signal(self, signal: Signal) -> None:
        if not self._signals.take(1):
            raise ProtocolError("too_fast", "too many signals", about=str(signal.to))
        event = Signalled(str(self.participant.pk), signal.kind, signal.negotiation, signal.body)
        await fanout.tell(signal.to, event, of_meeting=self.meeting.pk)

    async def participant_told(self, message: dict[str, Any]) -> None:
        if message["meeting"] == str(self.meeting.pk):
            await self.send(text_data=message["text"])

    async def room_event(self, message: fanout.RoomMessage) -> None:
        if self._captions.last is None or self.closing:
            return
        pass_on = partial(self.send, text_data=message["text"])
        if message["sequence"]:
            await self._captions.heard(message["sequence"], pass_on)
        elif message["edit"]:
            await self._edits.heard(message["edit"], pass_on)
        elif message["change"]:
            await self._marks.heard(message["change"], pass_on)
        elif message["presence"]:
            await self._company.heard(message["presence"], pass_on)
        else:
            await pass_on()
        if times := message.get("times"):
            delivered(self.meeting.pk, times)

    # ── Corrections and marks ─────────────────────────────────────────────────────────────────────────────────────────

    async def _correct(self, request: EditSegment) -> None:
        try:
            segment = await in_database(corrections.correct_as_participant, self.participant.pk, request)
        except corrections.CorrectionRefused as error:
            raise ProtocolError(error.code, error.message, about=str(request.sequence)) from error
        await corrections.announce([segment])

    async def _mark(self, request: AddMark | EditMark) -> None:
        who = self.participant.pk
        try:
            if isinstance(request, AddMark):
                mark = await in_database(marks.add_mark, who, request)
            else:
                mark = await in_database(marks.edit_mark, who, request)
        except marks.MarkRefused as error:
            raise ProtocolError(error.code, error.message, about=str(request.id)) from error
        await marks.announce(self.meeting.pk, mark)

    # ── Heartbeat and state ─────────────────────────────────────────────────────────────────────────────────────────

    async def _answer_heartbeat(self, ping: Ping) -> None:
        await self.answer_ping(ping)
        if await presence.beat(self.meeting.pk, self.participant.pk, self.connection):
            await self._come_back()
        await self._send_status()

    async def _come_back(self) -> None:
        """Redis had forgotten this connection, or it was silent for so long that it counted as gone.

        Where Redis forgot everything, it does not know either what this page may have missed meanwhile.
        """
        for log in (self._captions, self._edits, self._marks):
            await log.catch_up()
        await self._note_state()
        if self._hand_ms is not None:
            await presence.raise_hand(self.meeting.pk, self.participant.pk, self._hand_ms)
        await attendance.come(self.participant)

    async def _send_status(self) -> None:
        state, lag_ms = await transcribers.glance()
        numbered = captions.sequence_key, captions.edit_key, marks.change_key, fanout.presence_key
        *numbers, stuck = await redis_client().mget([key(self.meeting.pk) for key in (*numbered, keeping.stuck_key)])
        newest, newest_edit, newest_change, newest_presence = (int(number or 0) for number in numbers)
        await self._captions.noticed(newest)
        await self._edits.noticed(newest_edit)
        await self._marks.noticed(newest_change)
        await self._company.noticed(newest_presence)
        latency = await measurements.latency_of(self.meeting.pk)
        sequence = max(newest, self._captions.last or 0)
        optional: dict[str, Any] = {"latency": latency or UNSET, "keeping": "stuck" if stuck else UNSET}
        await self.tell(Status(transcriber=state, lag_ms=lag_ms, sequence=sequence, **optional))

    async def _about_oneself(self, request: State | Hand | AgreeToKeeping) -> None:
        match request:
            case State():
                await self._set_state(request)
            case Hand():
                await self._set_hand(request.raised)
            case AgreeToKeeping():
                await self._agree(request.agreed)

    async def _set_state(self, state: State) -> None:
        if not self.meeting.takes_audio:
            await self.refuse(CloseCode.MEETING_ENDED, "meeting_ended", "This meeting is over.")
            return
        self._state = state
        event = ParticipantState(str(self.participant.pk), state.muted, state.hearing)
        await fanout.publish(self.meeting.pk, event, presence=await self._note_state())

    async def _note_state(self) -> int:
        muted, hearing = self._state.muted, self._state.hearing
        return await presence.set_state(self.meeting.pk, self.participant.pk, muted=muted, hearing=hearing)

    async def _agree(self, agreed: bool) -> None:
        await in_database(keeping.agree, self.participant.pk, agreed)
        await attendance.announce_person(self.meeting.pk, self.participant.pk)
        await fanout.record_changed(self.meeting.pk)

    async def _set_hand(self, raised: bool) -> None:
        meeting, you = self.meeting.pk, self.participant.pk
        if raised:
            change, self._hand_ms = await presence.raise_hand(meeting, you, round(time.time() * 1_000))
        else:
            change, self._hand_ms = await presence.lower_hand(meeting, you), None
        await fanout.publish(meeting, ParticipantHand(str(you), self._hand_ms), presence=change)
