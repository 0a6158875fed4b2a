"""How much one web process carries: `python -m tests.faults.load` raises the number of meetings until it saturates.

Real Daphne, Valkey and Postgres, a scripted engine. Each meeting has speakers who send 100 ms frames in real time, one
of whom is talking at any moment (one caption a second), and listeners. The pages run in this process, on the same CPUs.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from meetings.protocol import AudioFrame, encode_frame
from tests.faults.figures import DOCUMENT, commit, machine, p99, replace_between
from tests.faults.pages import FRAME_S
from tests.faults.site import Site, aside
from tests.faults.sockets import Ticket
from transcription.engines.scripted import COUNTER_FRAME, counter_frame

PING_S = 5.0
CONNECTIONS_AT_ONCE = 20
GOAL_P99_S = 0.5


@dataclass
class Page:
    """One socket that answers heartbeats and reads everything."""

    ticket: Ticket
    wire: ClientConnection | None = None
    echo: int = 0
    closed: bool = False

    async def open(self, path: str, gate: asyncio.Semaphore) -> ClientConnection:
        headers = {"Cookie": f"sessionid={self.ticket.session}"}
        url = self.ticket.base_url.replace("http", "ws", 1) + path.format(code=self.ticket.code)
        async with gate:
            self.wire = await connect(
                url,
                origin=Origin(self.ticket.base_url),
                additional_headers=headers,
                ping_interval=None,
                compression=None,
                open_timeout=60,
            )
        return self.wire

    async def beat(self, offset_s: float) -> None:
        await asyncio.sleep(offset_s)
        with suppress(ConnectionClosed):
            while self.wire is not None:
                await self.wire.send(json.dumps({"type": "ping", "echo": self.echo}))
                await asyncio.sleep(PING_S)

    async def read(self) -> None:
        assert self.wire is not None
        with suppress(ConnectionClosed):
            while True:
                text = str(await self.wire.recv())
                if text.startswith('{"type":"pong"'):
                    self.echo = json.loads(text)["n"]
                else:
                    self.heard(text)
        self.closed = True

    def heard(self, text: str) -> None: ...


@dataclass
class Listener(Page):
    """Notes when each final came; the first of a meeting also keeps the words."""

    keeps: bool = False
    finals: dict[int, float] = field(default_factory=dict)  # sequence → monotonic time
    words: list[int] = field(default_factory=list)

    def heard(self, text: str) -> None:
        if not text.startswith('{"type":"caption.final"'):
            return
        final = json.loads(text)
        self.finals[final["sequence"]] = time.monotonic()
        if self.keeps:
            self.words += [int(word) for word in final["text"].split()]


@dataclass
class Voice(Page):
    """A microphone in real time; talks two seconds of five, in its turn."""

    turn: int = 0
    said: list[int] = field(default_factory=list)
    ack_s: list[float] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: deque[tuple[int, float]] = field(default_factory=deque)

    def heard(self, text: str) -> None:
        event = json.loads(text)
        if event["type"] in {"audio.ack", "audio.summary"}:
            while self._waiting and self._waiting[0][0] <= event["next_sample"]:
                self.ack_s.append(time.monotonic() - self._waiting.popleft()[1])
        if event["type"] == "audio.summary":
            self.stopped.set()

    async def speak(self, seconds: float) -> None:
        assert self.wire is not None
        await self.wire.send(json.dumps({"type": "audio.start", "language": "en"}))
        started = time.monotonic() + 0.02 * self.turn
        for index in range(round(seconds / FRAME_S)):
            await asyncio.sleep(max(0.0, started + (index + 1) * FRAME_S - time.monotonic()))
            number = self._number(index)
            frame = AudioFrame(index * COUNTER_FRAME, 0, counter_frame(number))
            self._waiting.append(((index + 1) * COUNTER_FRAME, time.monotonic()))
            await self.wire.send(encode_frame(frame))
            if number:
                self.said.append(number)
        await self.wire.send(json.dumps({"type": "audio.stop"}))

    def _number(self, index: int) -> int:
        """Unique in the meeting: five voices share the numbers."""
        return 5 * index + self.turn + 1 if (index - 10 * self.turn) % 50 < 20 else 0


@dataclass(frozen=True, slots=True)
class Measure:
    """One stage of the load."""

    meetings: int
    pages: int
    lost: int
    doubled: int
    ack_p99_s: float  # from sending a frame to its acknowledgement
    spread_p99_s: float  # from the first page that shows a final to every other one
    web_cpu: float  # share of one core
    web_mb: float

    @property
    def holds(self) -> bool:
        return not self.lost and not self.doubled and max(self.ack_p99_s, self.spread_p99_s) <= GOAL_P99_S

    def cells(self) -> str:
        times = f"{self.ack_p99_s * 1000:.0f} | {self.spread_p99_s * 1000:.0f}"
        return (
            f"| {self.meetings} | {self.pages} | {self.lost} | {self.doubled} | {times} "
            f"| {self.web_cpu:.0%} | {self.web_mb:.0f} |"
        )


HEADING = (
    "| meetings | sockets | lost | doubled | acknowledged p99 (ms) | fan-out p99 (ms) | web CPU | web RSS (MB) |\n"
    "|---|---|---|---|---|---|---|---|"
)


async def stage(site: Site, meetings: int, speakers: int, listeners: int, seconds: float) -> Measure:
    rooms: list[tuple[list[Voice], list[Listener]]] = []
    for _ in range(meetings):
        tickets = site.meeting(speakers + listeners)
        voices = [Voice(ticket, turn=turn) for turn, ticket in enumerate(tickets[:speakers])]
        ears = [Listener(ticket, keeps=not number) for number, ticket in enumerate(tickets[speakers:])]
        rooms.append((voices, ears))
    voices = [voice for some, _ in rooms for voice in some]
    ears = [ear for _, some in rooms for ear in some]
    tasks = await connected(voices, ears)
    web = site.family("web")[0]
    web.cpu_percent()
    await asyncio.gather(*(voice.speak(seconds) for voice in voices))
    cpu = web.cpu_percent() / 100
    with suppress(TimeoutError):
        async with asyncio.timeout(20):
            await asyncio.gather(*(voice.stopped.wait() for voice in voices))
    await all_shown(rooms, 30)
    memory = site.memory() / 1e6
    for page in (*voices, *ears):
        if page.wire is not None:
            page.wire.transport.abort()
    await asyncio.wait(tasks)
    lost = sum(len(set(said(some)) - set(heard[0].words)) for some, heard in rooms)
    doubled = sum(len(heard[0].words) - len(set(heard[0].words)) for _, heard in rooms)
    acks = [wait for voice in voices for wait in voice.ack_s]
    return Measure(meetings, len(voices) + len(ears), lost, doubled, p99(acks), p99(spread(rooms)), cpu, memory)


def said(voices: list[Voice]) -> list[int]:
    return [number for voice in voices for number in voice.said]


async def connected(voices: list[Voice], ears: list[Listener]) -> "list[asyncio.Task[None]]":
    """Open all sockets, a few at once; returns their tasks."""
    gate = asyncio.Semaphore(CONNECTIONS_AT_ONCE)
    await asyncio.gather(
        *(voice.open("/ws/meetings/{code}/audio/", gate) for voice in voices),
        *(ear.open("/ws/meetings/{code}/", gate) for ear in ears),
    )
    pages: list[Page] = [*voices, *ears]
    for ear in ears:
        assert ear.wire is not None
        await ear.wire.send(json.dumps({"type": "hello", "last_sequence": 0}))
    beats = [page.beat(PING_S * number / len(pages)) for number, page in enumerate(pages)]
    return [asyncio.create_task(work) for work in (*(page.read() for page in pages), *beats)]


async def all_shown(rooms: list[tuple[list[Voice], list[Listener]]], seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while any(set(said(some)) - set(heard[0].words) for some, heard in rooms):
                await asyncio.sleep(0.5)
    await asyncio.sleep(1.0)


def spread(rooms: list[tuple[list[Voice], list[Listener]]]) -> list[float]:
    delays: list[float] = []
    for _, heard in rooms:
        for sequence in set().union(*(ear.finals for ear in heard)):
            times = [ear.finals[sequence] for ear in heard if sequence in ear.finals]
            delays += [moment - min(times) for moment in times]
    return delays


async def idle(site: Site, count: int, seconds: float) -> str:
    """Listeners who only listen; returns what the web process weighs with them."""
    before = site.memory() / 1e6
    ears = [Listener(ticket) for ticket in site.meeting(count)]
    tasks = await connected([], ears)
    await asyncio.sleep(seconds)
    after, closed = site.memory() / 1e6, sum(ear.closed for ear in ears)
    for ear in ears:
        if ear.wire is not None:
            ear.wire.transport.abort()
    await asyncio.wait(tasks)
    return f"{count} idle listeners: web RSS {before:.0f} → {after:.0f} MB (goal ≤ 250), {closed} closed by themselves."


async def comeback(site: Site, count: int) -> str:
    """Everybody's web process is killed; how long until all are back."""
    ears = [Listener(ticket) for ticket in site.meeting(count)]
    tasks = await connected([], ears)
    site.stack.kill("web")
    await asyncio.wait(tasks, timeout=10)
    await aside(site.stack.start_web)
    back = time.monotonic()
    tasks = await connected([], ears)
    took = time.monotonic() - back
    for ear in ears:
        if ear.wire is not None:
            ear.wire.transport.abort()
    await asyncio.wait(tasks)
    return f"{count} reconnects after kill -9: all back in {took:.1f} s (goal ≤ 15)."


async def run(site: Site, options: argparse.Namespace) -> list[str]:
    lines = [HEADING]
    saturated = ""
    for meetings in options.meetings:
        measure = await stage(site, meetings, options.speakers, options.listeners, options.seconds)
        print(measure, flush=True)
        lines.append(measure.cells())
        if not measure.holds:
            saturated = f"Saturated at {meetings} meetings ({measure.pages} sockets)."
            break
    lines += ["", saturated or "Not saturated."]
    site.heal()
    for text in (await idle(site, options.idle, 10), await comeback(site, options.reconnects)):
        print(text, flush=True)
        lines += ["", text]
    return lines


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meetings", type=int, nargs="+", default=[2, 5, 10, 20], help="stages, one after the other")
    parser.add_argument("--speakers", type=int, default=5, help="in each meeting, at most 5")
    parser.add_argument("--listeners", type=int, default=25, help="in each meeting")
    parser.add_argument("--seconds", type=float, default=15.0, help="of speech in each stage; 600 for the goals")
    parser.add_argument("--idle", type=int, default=500, help="listeners who only listen; 2000 for the goals")
    parser.add_argument("--reconnects", type=int, default=600)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        site = Site(Path(folder) / "site", MAX_STREAMS="200")
        try:
            site.wait_ready()
            lines = asyncio.run(run(site, options))
        finally:
            site.close()
    facts: dict[str, Any] = machine()
    where = ", ".join(f"{name} {value}" for name, value in facts.items())
    lines += ["", f"{options.seconds:.0f} s a stage, pages and product on the same CPUs; {where}; commit {commit()}."]
    replace_between(DOCUMENT, "\n".join(lines), "<!-- load: begin -->", "<!-- load: end -->")


if __name__ == "__main__":
    main()
