"""What a browser's page does with its two sockets, without a browser: the same ring, resume, hold, watchdog, backoff
and rebuilt state as `frontend/src/audio/uplink.ts`, `net/lasting-socket.ts` and `room/store.ts`; and it counts.
"""

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Origin

from meetings.protocol import AudioFrame, encode_frame
from transcription.engines.scripted import COUNTER_FRAME, counter_frame

RATE = 16_000
FRAME_S = COUNTER_FRAME / RATE
PING_EVERY_S = 5.0
SILENT_AFTER_S = 15.0
CONNECT_WITHIN_S = 8.0
ANSWER_WITHIN_S = 4.0
RING_S = 900
IN_FLIGHT_S = 10
OVERDUE_S = 0.5
MAX_BUFFERED = 64 * 1024
CERTAIN_REFUSALS = range(4400, 4500)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What lets one participant in: the address of the product, the meeting and the session."""

    base_url: str
    code: str
    session: str
    participant: str


class LastingSocket:
    """A socket that comes back until it is closed or refused."""

    path = "/ws/meetings/{code}/"

    def __init__(self, ticket: Ticket, chance: random.Random) -> None:
        self.ticket = ticket
        self.refused: int | None = None
        self.closes: list[int] = []
        self.connections = 0
        self.history: list[tuple[float, str]] = []  # monotonic time, what the page would show
        self.reads = True
        self._chance = chance
        self._port = 0
        self._wire: ClientConnection | None = None
        self._outbox: deque[str | bytes] = deque()  # bounded by `buffered_bytes`, as the page does
        self._wake = asyncio.Event()
        self._attempt = 0
        self._last_ping = self._last_heard = 0.0
        self._echo = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        base = f"http://127.0.0.1:{self._port}" if self._port else self.ticket.base_url
        return base.replace("http", "ws", 1) + self.path.format(code=self.ticket.code)

    def through(self, port: int) -> None:
        """Take another way to the product than the other pages."""
        self._port = port

    @property
    def is_open(self) -> bool:
        return self._wire is not None

    @property
    def buffered_bytes(self) -> int:
        sent = self._wire.transport.get_write_buffer_size() if self._wire else 0
        return sent + sum(len(item) for item in self._outbox)

    def open(self) -> None:
        self._spawn(self._live())
        self._spawn(self._ticking())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name=type(self).__name__))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        failures = [task.exception() for task in self._tasks if not task.cancelled()]
        self._tasks.clear()
        self.drop()
        for failure in failures:
            if failure is not None:
                raise failure

    def drop(self) -> None:
        """Give the connection up without a closing handshake."""
        if self._wire is not None:
            self._wire.transport.abort()

    def say(self, **message: Any) -> None:
        self.send(json.dumps(message))

    def send(self, data: str | bytes) -> None:
        if self._wire is not None:
            self._outbox.append(data)
            self._wake.set()

    def show(self, state: str) -> None:
        if not self.history or self.history[-1][1] != state:
            self.history.append((time.monotonic(), state))

    def shown_since(self, moment: float) -> list[str]:
        return [state for at, state in self.history if at >= moment]

    # ── What subclasses answer ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self) -> None: ...

    def lost(self) -> None: ...

    def tick(self) -> None: ...

    def heard(self, event: dict[str, Any]) -> None: ...

    # ── Connection ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _live(self) -> None:
        while self.refused is None:
            code = await self._one_connection()
            self._wire = None
            self._outbox.clear()
            if code is not None:
                self.closes.append(code)
            if code in CERTAIN_REFUSALS:
                self.refused = code
                self.show(f"refused {code}")
                return
            self.lost()
            await asyncio.sleep(self._backoff(soon=code == 1012))

    def _backoff(self, *, soon: bool) -> float:
        if soon:
            return self._chance.random() * 0.5
        self._attempt += 1
        return self._chance.random() * min(4.0, 0.5 * 2.0 ** (self._attempt - 1))

    async def _one_connection(self) -> int | None:
        """Connects and reads until the end; returns the close code, None when there was no connection."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                wire = await connect(
                    self.url,
                    origin=Origin(self.ticket.base_url),
                    additional_headers={"Cookie": f"sessionid={self.ticket.session}"},
                    ping_interval=None,
                    compression=None,
                    close_timeout=1,
                    open_timeout=None,
                )
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, EOFError):
            return None
        self.connections += 1
        self._wire = wire
        self._last_ping = self._last_heard = time.monotonic()
        sender = asyncio.create_task(self._deliver(wire), name="sender")
        self.opened()
        try:
            await self._read(wire)
        finally:
            sender.cancel()
            await asyncio.wait([sender])
        return wire.close_code

    async def _read(self, wire: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                while not self.reads:
                    await asyncio.sleep(0.05)
                event = json.loads(await wire.recv())
                self._last_heard = time.monotonic()
                if event["type"] != "error":
                    self._attempt = 0
                if event["type"] == "pong":
                    self._echo = event["n"]
                else:
                    self.heard(event)

    async def _deliver(self, wire: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                while self._outbox:
                    await wire.send(self._outbox.popleft())
                self._wake.clear()
                await self._wake.wait()

    async def _ticking(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            if self._wire is not None:
                if now - self._last_ping >= PING_EVERY_S:
                    self._last_ping = now
                    self.say(type="ping", echo=self._echo)
                if self.reads and now - self._last_heard > SILENT_AFTER_S:
                    self.drop()
            self.tick()


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
        self._held_until = 0.0
        self._owed_since = 0.0
        self._stopping = False
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
        self._ring.append(Captured(self.index * COUNTER_FRAME, counter_frame(counter), time.monotonic()))
        self.index += 1
        while len(self._ring) * COUNTER_FRAME > RING_S * RATE:
            self._ring.popleft()
            self.given_up += 1
        self.tick()

    async def stop(self) -> None:
        """Mute: everything is sent, then the stretch ends; returns when the server said so."""
        self._stopping = True
        while self._stopping and self.refused is None:
            await asyncio.sleep(0.02)

    @property
    def kept_s(self) -> float:
        """Audio that is not acknowledged."""
        return sum(len(frame.pcm) // 2 for frame in self._ring) / RATE

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
        self.tick()

    def _settle(self, sample: int) -> None:
        self.acknowledged = max(self.acknowledged, sample)
        self._owed_since = 0.0
        now = time.monotonic()
        while self._ring and self._ring[0].end <= self.acknowledged:
            self.ack_times.append(now - self._ring.popleft().at)

    def _rewind(self, sample: int) -> None:
        self._settle(sample)
        self.acknowledged = self._cursor = sample

    # ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def tick(self) -> None:
        now = time.monotonic()
        if self._owed_since and now - self._owed_since > ANSWER_WITHIN_S:
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
        self.send(encode_frame(AudioFrame(frame.first_sample, round(1_000 * (now - frame.at)), frame.pcm)))
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
        self.final_times: list[float] = []  # monotonic, of each final
        self.partials: dict[str, dict[str, Any]] = {}
        self.participants: dict[str, dict[str, Any]] = {}
        self.status: dict[str, Any] = {}
        self.ended: bool | None = None  # None: runs; False: finishing; True: complete
        self.errors: list[str] = []
        self.doubled = self.disordered = 0
        self.welcomes = 0

    def opened(self) -> None:
        self.say(type="hello", last_sequence=self.sequence)

    @property
    def sequence(self) -> int:
        return int(self.finals[-1]["sequence"]) if self.finals else 0

    def lost(self) -> None:
        self.show("reconnecting")

    def heard(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "welcome":
                self.welcomes += 1
                self.participants = {person["id"]: person for person in event["participants"]}
                self.show("live")
            case "caption.final":
                self._add_final(event)
            case "caption.partial":
                self.partials[event["stream_id"]] = event
            case "participant.joined" | "participant.left" | "participant.state":
                self._change_people(event)
            case "status":
                self.status = event
                self.show(f"transcriber {event['transcriber']}")
            case "meeting.ended":
                self.ended = event["complete"]
                self.show("ended" if event["complete"] else "finishing")
            case "error":
                self.errors.append(event["code"])

    def _change_people(self, event: dict[str, Any]) -> None:
        if event["type"] == "participant.joined":
            self.participants[event["participant"]["id"]] = event["participant"]
            return
        person = self.participants.get(event["participant_id"], {})
        if event["type"] == "participant.left":
            person["present"] = False
        else:
            person["muted"] = event["muted"]

    def _add_final(self, event: dict[str, Any]) -> None:
        if event["sequence"] <= self.sequence:
            self.doubled += 1
            return
        self.disordered += event["sequence"] != self.sequence + 1
        self.finals.append(event)
        self.final_times.append(time.monotonic())

    def words(self, stream_id: str) -> list[int]:
        """The counters that were shown as finals of a stream, in the order of their sequence."""
        texts = [final["text"] for final in self.finals if final["stream_id"] == stream_id]
        return [int(word) for text in texts for word in text.split() if word.isdigit()]

    def gap_samples(self, participant: str) -> int:
        gaps = [one for one in self.finals if one["kind"] == "gap" and one["participant_id"] == participant]
        return sum(int(gap["end_ms"]) - int(gap["start_ms"]) for gap in gaps) * RATE // 1_000
