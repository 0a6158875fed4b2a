"""Many light pages in one process: they answer heartbeats, read everything and note times."""

import asyncio
import json
import random
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from meetings.protocol.frames import AudioFrame, encode_frame
from tests.faults.pages import FRAME_S
from tests.faults.sockets import Ticket
from transcription.engines.scripted import COUNTER_FRAME, counter_frame

PING_S = 5.0
CONNECTIONS_AT_ONCE = 20
OPENS_WITHIN_S = 180.0


@dataclass
class Page:
    """One socket."""

    ticket: Ticket
    path: str = "/ws/meetings/{code}/"
    wire: ClientConnection | None = None
    echo: int = 0
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    answer_s: list[float] = field(default_factory=list)  # from each ping to its pong
    _pinged: float = 0.0

    async def open(self, gate: asyncio.Semaphore) -> None:
        """Comes back when told that too many want to."""
        deadline = time.monotonic() + OPENS_WITHIN_S
        while self.wire is None:
            try:
                async with gate:
                    self.wire = await self._connect()
            except InvalidStatus:
                assert time.monotonic() < deadline
                await asyncio.sleep(random.random())

    async def _connect(self) -> ClientConnection:
        return await connect(
            self.ticket.base_url.replace("http", "ws", 1) + self.path.format(code=self.ticket.code),
            origin=Origin(self.ticket.base_url),
            additional_headers={"Cookie": f"sessionid={self.ticket.session}"},
            ping_interval=None,
            compression=None,
            open_timeout=OPENS_WITHIN_S,
        )

    async def say(self, **message: object) -> None:
        assert self.wire is not None
        await self.wire.send(json.dumps(message))

    async def beat(self, offset_s: float) -> None:
        await asyncio.sleep(offset_s)
        with suppress(ConnectionClosed):
            while True:
                self._pinged = time.monotonic()
                await self.say(type="ping", echo=self.echo)
                await asyncio.sleep(PING_S)

    async def read(self) -> None:
        assert self.wire is not None
        with suppress(ConnectionClosed):
            while True:
                text = str(await self.wire.recv())
                if text.startswith('{"type":"pong"'):
                    self.echo = json.loads(text)["n"]
                    self.answer_s.append(time.monotonic() - self._pinged)
                else:
                    self.heard(text)
        self.closed = True

    def heard(self, text: str) -> None: ...

    async def enter(self) -> None:
        """Say what a page says first; `entered` is set by the last of what it is told then."""


@dataclass
class Listener(Page):
    """Notes when each final came; what it said the listeners of a meeting keep together."""

    script: dict[int, str] = field(default_factory=dict)  # sequence → text
    finals: dict[int, float] = field(default_factory=dict)  # sequence → monotonic time
    wrong: int = 0  # finals that came twice, out of order, or not as the others got them

    def heard(self, text: str) -> None:
        if text.startswith('{"type":"status"'):
            self.entered.set()
        if not text.startswith('{"type":"caption.final"'):
            return
        final = json.loads(text)
        sequence, said = final["sequence"], final["text"]
        newest = next(reversed(self.finals), 0)
        self.wrong += sequence <= newest or self.script.setdefault(sequence, said) != said
        self.finals.setdefault(sequence, time.monotonic())

    @property
    def words(self) -> set[int]:
        return {int(word) for sequence in self.finals for word in self.script[sequence].split()}

    async def enter(self) -> None:
        await self.say(type="hello", last_sequence=0)


@dataclass
class Voice(Page):
    """A microphone in real time; of five, one talks for a second after the other, and says 0.8 s of it."""

    path: str = "/ws/meetings/{code}/audio/"
    turn: int = 0
    said: list[int] = field(default_factory=list)
    ack_s: list[float] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: deque[tuple[int, float]] = field(default_factory=deque)

    def heard(self, text: str) -> None:
        event = json.loads(text)
        if event["type"] == "audio.ready":
            self.entered.set()
        if event["type"] in {"audio.ack", "audio.summary"}:
            while self._waiting and self._waiting[0][0] <= event["next_sample"]:
                self.ack_s.append(time.monotonic() - self._waiting.popleft()[1])
        if event["type"] == "audio.summary":
            self.stopped.set()

    async def enter(self) -> None:
        await self.say(type="audio.start", language="en")

    async def speak(self, seconds: float) -> None:
        assert self.wire is not None
        started = time.monotonic() + 0.02 * self.turn
        for index in range(round(seconds / FRAME_S)):
            await asyncio.sleep(max(0.0, started + (index + 1) * FRAME_S - time.monotonic()))
            number = self._number(index)
            self._waiting.append(((index + 1) * COUNTER_FRAME, time.monotonic()))
            await self.wire.send(encode_frame(AudioFrame(index * COUNTER_FRAME, 0, counter_frame(number))))
            if number:
                self.said.append(number)
        await self.say(type="audio.stop")

    def _number(self, index: int) -> int:
        """Unique in the meeting: five voices share the numbers."""
        return 5 * index + self.turn + 1 if (index - 10 * self.turn) % 50 < 8 else 0


@dataclass
class Crowd:
    """The pages of several meetings."""

    rooms: list[tuple[list[Voice], list[Listener]]]
    tasks: "list[asyncio.Task[None]]" = field(default_factory=list)

    @property
    def voices(self) -> list[Voice]:
        return [voice for some, _ in self.rooms for voice in some]

    @property
    def listeners(self) -> list[Listener]:
        return [one for _, some in self.rooms for one in some]

    @property
    def pages(self) -> list[Page]:
        return [*self.voices, *self.listeners]

    async def open(self) -> None:
        """All sockets, a few at once, until everybody is in."""
        gate, count = asyncio.Semaphore(CONNECTIONS_AT_ONCE), len(self.pages)
        async with asyncio.timeout(OPENS_WITHIN_S):
            await asyncio.gather(*(self._open(page, PING_S * at / count, gate) for at, page in enumerate(self.pages)))

    async def _open(self, page: Page, offset_s: float, gate: asyncio.Semaphore) -> None:
        await page.open(gate)
        await page.enter()
        self.tasks += [asyncio.create_task(page.read()), asyncio.create_task(page.beat(offset_s))]
        await page.entered.wait()

    async def speak(self, seconds: float) -> None:
        await asyncio.gather(*(voice.speak(seconds) for voice in self.voices))

    def forget_times(self) -> None:
        """Measure from now on."""
        for page in self.pages:
            page.answer_s.clear()
        for voice in self.voices:
            voice.ack_s.clear()

    async def settle(self, seconds: float) -> None:
        """Until everything that was said is shown, or so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(voice.stopped.wait() for voice in self.voices))
                while self.lost:
                    await asyncio.sleep(0.5)
        await asyncio.sleep(1.0)  # what comes twice comes now

    async def close(self) -> None:
        for page in self.pages:
            if page.wire is not None:
                page.wire.transport.abort()
        await asyncio.wait(self.tasks)

    @property
    def lost(self) -> int:
        """Words, for every listener who was not shown them."""
        spoken = (({n for voice in some for n in voice.said}, heard) for some, heard in self.rooms)
        return sum(len(said - one.words) for said, heard in spoken for one in heard)

    @property
    def doubled(self) -> int:
        """Words that stand in two finals, and finals that came wrongly to a listener."""
        scripts = (" ".join(heard[0].script.values()).split() for _, heard in self.rooms)
        return sum(len(words) - len(set(words)) for words in scripts) + sum(one.wrong for one in self.listeners)

    def spread(self) -> list[float]:
        """From the first page that shows a final to each other one, in seconds."""
        delays: list[float] = []
        for _, heard in self.rooms:
            for sequence in set().union(*(one.finals for one in heard)):
                times = [one.finals[sequence] for one in heard if sequence in one.finals]
                delays += [moment - min(times) for moment in times]
        return delays
