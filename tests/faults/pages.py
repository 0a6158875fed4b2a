"""What a browser's page does with its two sockets, without a browser: the same ring, resume, hold, watchdog and
rebuilt state as `frontend/src/audio/uplink.ts` and `room/store.ts`; and it counts.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from meetings.protocol.frames import AudioFrame, encode_frame
from tests.faults.sockets import LastingSocket, Ticket
from transcription.engines.scripted import COUNTER_FRAME, counter_frame

RATE = 16_000
FRAME_S = COUNTER_FRAME / RATE
ANSWER_WITHIN_S = 4.0
START_WITHIN_S = 12.0
RING_S = 1_800
IN_FLIGHT_S = 10
EARLY_S = 2  # of a new stream
OVERDUE_S = 0.5
MAX_BUFFERED = 64 * 1024


@dataclass(frozen=True, slots=True)
class Captured:
    first_sample: int
    pcm: bytes
    at: float  # monotonic

    @property
    def end(self) -> int:
        return self.first_sample + len(self.pcm) // 2


def talking(index: int) -> int:
    """The counter of frame `index` of somebody who says something for 1.2 s and pauses for 0.8 s; 0 is silence."""
    return index + 1 if index % 20 < 12 else 0


class Microphone(LastingSocket):
    """The audio socket with its ring. `speak` records in real time; `said` is what must become text."""

    path = "/ws/meetings/{code}/audio/"

    def __init__(
        self, ticket: Ticket, chance: random.Random, stream_id: str = "", first_frame: int = 0,
        script: Callable[[int], int] = talking,
    ) -> None:  # fmt: skip
        super().__init__(ticket, chance)
        self.stream_id = stream_id
        self.index = first_frame
        self.said: list[int] = []
        self.said_at: dict[int, float] = {}  # monotonic
        self.places: dict[int, int] = {}  # first sample of each counter
        self.given_up = 0  # frames that the ring could not keep
        self.acknowledged = 0
        self.summary: dict[str, Any] = {}
        self.errors: list[str] = []
        self.ack_times: list[float] = []  # seconds from capture to acknowledgement
        self.resends = 0
        self._script = script
        self._ring: deque[Captured] = deque()  # bounded by RING_S
        self._cursor = self.acknowledged = first_frame * COUNTER_FRAME
        self._phase = "offline"
        self._origin = 0  # of the server's numbering in ours
        self._held_until = 0.0
        self._owed_since = 0.0
        self._stopping = self._afresh = False
        self._sent_until = self._cursor

    # ── Recording ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def speak(self, seconds: float) -> None:
        """Record for so long, a frame every 100 ms."""
        started = time.monotonic()
        for number in range(round(seconds / FRAME_S)):
            await asyncio.sleep(max(0.0, started + (number + 1) * FRAME_S - time.monotonic()))
            self.capture()

    def capture(self) -> None:
        counter = self._script(self.index)
        if counter:
            self.said.append(counter)
            self.said_at[counter] = time.monotonic()
            self.places[counter] = self.index * COUNTER_FRAME
        self._ring.append(Captured(self.index * COUNTER_FRAME, counter_frame(counter), time.monotonic()))
        self.index += 1
        while len(self._ring) * COUNTER_FRAME > RING_S * RATE:
            self._ring.popleft()
            self.given_up += 1
        self.tick()

    async def stop(self) -> None:
        """Mute: everything is sent, then the stretch ends; returns when the server said so."""
        self._stopping = self._phase != "stopped" or self._next() is not None
        while self._stopping and self.refused is None:
            await asyncio.sleep(0.02)

    @property
    def kept_s(self) -> float:
        """Audio that is not acknowledged."""
        return sum(len(frame.pcm) // 2 for frame in self._ring) / RATE

    @property
    def oldest_s(self) -> float:
        """How long the oldest audio waits for its acknowledgement."""
        return time.monotonic() - self._ring[0].at if self._ring else 0.0

    @property
    def end(self) -> int:
        return self.index * COUNTER_FRAME

    # ── Connection ──────────────────────────────────────────────────────────────────────────────────────────────────

    def opened(self) -> None:
        self._start()

    def _start(self) -> None:
        self._phase = "starting"
        self._owed_since = time.monotonic()
        self.say(type="audio.start", sample_rate=RATE, encoding="pcm16", language="en", stream_id=self.stream_id)

    def lost(self) -> None:
        self._phase = "offline"
        self._owed_since = 0.0
        self.show("reconnecting")

    def heard(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "audio.ready":
            if self._afresh:
                self._adopt()
            self.stream_id = event["stream_id"]
            self._phase, self._held_until = "streaming", 0.0
            self._rewind(event["next_sample"])
            self.show("streaming")
        elif kind == "audio.ack":
            self._settle(event["next_sample"])
        elif kind == "audio.hold":
            self._rewind(event["next_sample"])
            self._held_until = time.monotonic() + event["retry_ms"] / 1_000
            self.show("held")
        elif kind == "audio.summary":
            self._settle(event["next_sample"])
            self.summary = event
            self._stopping = False
            self._phase = "stopped"
            self._owed_since = 0.0
        elif kind == "error":
            self.errors.append(event["code"])
            if event["code"] == "stream_refused" and self.stream_id:
                self.stream_id, self._afresh = "", True
                self._start()
        self.tick()

    def _adopt(self) -> None:
        """A stream in the place of one that the server does not know any more begins with what is being said now."""
        self._afresh = False
        while self.kept_s > EARLY_S:
            self._ring.popleft()
            self.given_up += 1
        self._origin = self.acknowledged = self._cursor = self._ring[0].first_sample if self._ring else self.end

    def _settle(self, sample: int) -> None:
        self.acknowledged = max(self.acknowledged, sample + self._origin)
        self._owed_since = 0.0
        now = time.monotonic()
        while self._ring and self._ring[0].end <= self.acknowledged:
            self.ack_times.append(now - self._ring.popleft().at)

    def _rewind(self, sample: int) -> None:
        self._settle(sample)
        self.acknowledged = self._cursor = sample + self._origin

    # ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def tick(self) -> None:
        now = time.monotonic()
        patience = START_WITHIN_S if self._phase == "starting" else ANSWER_WITHIN_S
        if self.reads and self._owed_since and now - self._owed_since > patience:
            self.drop()
        if self._phase == "stopped" and self._next() is not None:
            self._start()
        if self._phase != "streaming" or now < self._held_until:
            return
        if self._held_until:
            self._held_until = 0.0
            self.show("streaming")
        while (frame := self._next()) is not None and self._has_room():
            self._send_frame(frame, now)
        if self._stopping and frame is None:
            self._phase = "stopping"
            self._owed_since = now
            self.say(type="audio.stop")

    def _next(self) -> Captured | None:
        return next((frame for frame in self._ring if frame.end > self._cursor), None)

    def _has_room(self) -> bool:
        start = self._ring[0].first_sample if self._ring else self.end
        in_flight = self._cursor - max(self.acknowledged, start)
        return self.buffered_bytes < MAX_BUFFERED and in_flight < IN_FLIGHT_S * RATE

    def _send_frame(self, frame: Captured, now: float) -> None:
        age_ms = round(1_000 * (now - frame.at))
        self.send(encode_frame(AudioFrame(frame.first_sample - self._origin, age_ms, frame.pcm)))
        self.resends += frame.end <= self._sent_until
        self._cursor = frame.end
        self._sent_until = max(self._sent_until, frame.end)
        start = self._ring[0].first_sample if self._ring else self.end
        if self._cursor - max(self.acknowledged, start) > OVERDUE_S * RATE and not self._owed_since:
            self._owed_since = now


class Room(LastingSocket):
    """The room socket and the state a page rebuilds from its messages."""

    def __init__(self, ticket: Ticket, chance: random.Random) -> None:
        super().__init__(ticket, chance)
        self.finals: list[dict[str, Any]] = []
        self.caption_times: dict[str, list[float]] = {}  # monotonic, of each partial and final of a stream
        self.seen_at: dict[tuple[str, int], float] = {}  # monotonic, of each counter of a stream, as a guess or final
        self.final_at: dict[tuple[str, int], float] = {}
        self.guesses = 0
        self.partials: dict[str, dict[str, Any]] = {}
        self.participants: dict[str, dict[str, Any]] = {}
        self.marks: dict[str, dict[str, Any]] = {}
        self.off_record: dict[int, dict[str, Any]] = {}
        self.status: dict[str, Any] = {}
        self.lags: list[int] = []  # in ms, as it was shown
        self.ended: bool | None = None  # None: runs; False: finishing; True: complete
        self.errors: list[str] = []
        self.doubled = self.disordered = 0
        self.welcomes = 0
        self._unsent: dict[str, dict[str, Any]] = {}  # marks that nobody has been shown yet
        self._early: dict[int, dict[str, Any]] = {}  # lines that changed before they came, by sequence

    def opened(self) -> None:
        self.say(type="hello", last_sequence=self.sequence, last_change=self.last_change)

    @property
    def last_change(self) -> int:
        return max((mark["change"] for mark in self.marks.values()), default=0)

    @property
    def state(self) -> dict[str, Any]:
        """All but the captions."""
        return {
            "people": self.participants, "marks": self.marks, "off the record": self.off_record, "ended": self.ended
        }  # fmt: skip

    @property
    def sequence(self) -> int:
        return int(self.finals[-1]["sequence"]) if self.finals else 0

    def lost(self) -> None:
        self.show("reconnecting")

    def mark(self, text: str) -> None:
        """Kept until it is shown to everybody, and sent again after a break."""
        mark = {"type": "mark", "id": str(uuid4()), "kind": "note", "text": text}
        self._unsent[mark["id"]] = mark
        self.say(**mark)

    def heard(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "welcome":
                self.welcomes += 1
                self.participants = {person["id"]: person for person in event["participants"]}
                self.show("live")
                for mark in self._unsent.values():
                    self.say(**mark)
            case "caption.partial" | "caption.final" | "segment.updated":
                self._take_line(event)
            case "mark.changed" | "off_record.changed" | "meeting.ended":
                self._change_meeting(event)
            case "participant.joined" | "participant.left" | "participant.state" | "participant.hand":
                self._change_people(event)
            case "status":
                self.status = event
                self.lags.append(event["lag_ms"])
                self.show(f"transcriber {event['transcriber']}")
            case "error":
                self.errors.append(event["code"])

    def _change_people(self, event: dict[str, Any]) -> None:
        if event["type"] == "participant.joined":
            self.participants[event["participant"]["id"]] = event["participant"]
            return
        person = self.participants.get(event["participant_id"], {})
        if event["type"] == "participant.left":
            person |= {"present": False, "muted": True, "hearing": False, "hand_ms": None}
        elif event["type"] == "participant.hand":
            person["hand_ms"] = event["hand_ms"]
        else:
            person |= {"muted": event["muted"], "hearing": event["hearing"]}

    def _change_meeting(self, event: dict[str, Any]) -> None:
        if event["type"] == "mark.changed":
            self.marks[event["id"]] = event
            self._unsent.pop(event["id"], None)
        elif event["type"] == "off_record.changed":
            self.off_record[event["id"]] = event
        else:
            self.ended = event["complete"]
            self.show("ended" if event["complete"] else "finishing")

    def _take_line(self, event: dict[str, Any]) -> None:
        if event["type"] == "caption.final":
            self._add_final(event)
        elif event["type"] == "segment.updated":
            self._update(event)
        else:
            self.partials[event["stream_id"]] = event
            self.guesses += 1
            self._note(event, self.seen_at)

    def _add_final(self, event: dict[str, Any]) -> None:
        if event["sequence"] <= self.sequence:
            self.doubled += 1
            return
        self.disordered += event["sequence"] != self.sequence + 1
        self.finals.append(self._early.pop(event["sequence"], event))
        self._note(event, self.seen_at, self.final_at)

    def _note(self, caption: dict[str, Any], *moments: dict[tuple[str, int], float]) -> None:
        """When what was first shown."""
        now, stream = time.monotonic(), caption["stream_id"]
        self.caption_times.setdefault(stream, []).append(now)
        for word in map(int, filter(str.isdigit, caption["text"].split())):
            for noted in moments:
                noted.setdefault((stream, word), now)

    def _update(self, event: dict[str, Any]) -> None:
        """A line was changed: two microphones with the same counters are taken for one voice, for example."""
        line = {name: value for name, value in event.items() if name != "edit"} | {"type": "caption.final"}
        for place, final in enumerate(self.finals):
            if final["sequence"] == line["sequence"] and final["revision"] < line["revision"]:
                self.finals[place] = line
        if line["sequence"] > self.sequence:
            self._early[line["sequence"]] = line

    def words(self, stream_id: str) -> list[int]:
        """The counters that were shown as finals of a stream, in the order of their sequence."""
        texts = [final["text"] for final in self.finals if final["stream_id"] == stream_id]
        return [int(word) for text in texts for word in text.split() if word.isdigit()]

    def gap_samples(self, participant: str) -> int:
        gaps = [one for one in self.finals if one["kind"] == "gap" and one["participant_id"] == participant]
        return sum(int(gap["end_ms"]) - int(gap["start_ms"]) for gap in gaps) * RATE // 1_000
