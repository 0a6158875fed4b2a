"""The whole product as processes of its own between proxies, and the people in its meetings."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.faults.figures import Tally, tally
from tests.faults.pages import Microphone, Room
from tests.faults.proxy import Proxy
from tests.faults.sockets import Ticket
from tests.faults.stores import Postgres, Valkey
from tests.stack import ROOT, Stack, free_port

LEASE_S = 3
TRANSCRIBER = "transcriber"
METRICS_TOKEN = "for-the-collector-of-figures"
SECRET = {"code", "session", "token", "link", "overlay_key"}  # in what the backstage answers
TOLD = {"text", "name"}  # in what it is told to store


class Backstage:
    """The process of `tests.faults.backstage`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.backstage"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.secrets: set[str] = set()  # what lets people in, and what they say and are called

    def ask(self, action: str, **arguments: Any) -> Any:
        answer = self._ask(action, **arguments)
        self.secrets |= {str(arguments[name]) for name in TOLD & arguments.keys()} | set(secrets_in(answer))
        return answer

    def _ask(self, action: str, **arguments: Any) -> Any:
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps([action, arguments]) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        assert line, f"backstage ended at {action}"
        said = json.loads(line)
        assert "answer" in said, said["failure"]
        return said["answer"]

    def close(self) -> None:
        self._child.kill()
        self._child.wait()


def secrets_in(answer: Any) -> Iterator[str]:
    if isinstance(answer, list):
        for one in answer:
            yield from secrets_in(one)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            yield from [value] if name in SECRET else secrets_in(value)


class Site:
    """Browsers → `front` → web; everything → `bus` → Valkey; everything → `base` → Postgres."""

    def __init__(self, folder: Path, *, direct: bool = False, **settings: str) -> None:
        """`direct` leaves the proxies out, for measuring."""
        self.postgres = Postgres(_made(folder / "postgres"))
        self.valkey = Valkey(_made(folder / "valkey"))
        self.postgres.start()
        self.valkey.start()
        port = free_port()
        self.front, self.bus, self.base = Proxy(port), Proxy(self.valkey.port), Proxy(self.postgres.port)
        front_port, bus_port, base_port = (
            (port, self.valkey.port, self.postgres.port) if direct else (self.front.port, self.bus.port, self.base.port)
        )
        self.folder = folder
        self.scripted: set[str] = set()  # transcribers with a script
        self.stack = Stack(
            database_url=self.postgres.url.replace(str(self.postgres.port), str(base_port)),
            redis_url=f"redis://127.0.0.1:{bus_port}/0",
            folder=folder,
            settings={
                "BASE_URL": f"http://127.0.0.1:{front_port}",
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "API_REQUESTS_PER_MINUTE": "100000",
                "ENGINE": "scripted",
                "LEASE_SECONDS": str(LEASE_S),
                "LOG_LEVEL": "INFO",
                "METRICS_TOKEN": METRICS_TOKEN,
                **settings,
            },
            port=port,
        )
        self.stack.prepare()
        stores = {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.valkey.url}
        self.backstage = Backstage({**self.stack.environment, **stores})
        self.stack.start_web()
        self.stack.start_transcriber(TRANSCRIBER)

    @property
    def base_url(self) -> str:
        return self.stack.settings["BASE_URL"]

    def close(self) -> None:
        for name in self.stack.running:
            self.resume(name)
        self.stack.stop()
        self.backstage.close()
        for store in (self.postgres, self.valkey):
            store.signal(signal.SIGCONT)
            store.kill()
        for proxy in (self.front, self.bus, self.base):
            proxy.close()

    def heal(self) -> None:
        """Bring back whatever a test left broken."""
        for proxy in (self.front, self.bus, self.base):
            proxy.heal()
        for store in (self.postgres, self.valkey):
            store.signal(signal.SIGCONT)
            if not store.runs:
                store.start()
        self.valkey.client().config_set("maxmemory", 0)
        self._end_strays()
        if "web" not in self.stack.running:
            self.stack.start_web()
        if TRANSCRIBER not in self.stack.running:
            self.stack.start_transcriber(TRANSCRIBER)
        self.wait_ready()

    def _end_strays(self) -> None:
        """Only the usual processes stay, awake."""
        for name in list(self.stack.running):
            self.resume(name)
            if self.stack.running[name].poll() is not None:
                del self.stack.running[name]
        for name in (set(self.stack.running) - {"web", TRANSCRIBER}) | (self.scripted & set(self.stack.running)):
            self.stack.kill(name)
        self.scripted.clear()

    def wait_ready(self) -> None:
        """Until a transcriber has reported itself ready."""
        deadline = time.monotonic() + 60
        while self.readiness(self.stack.port) != httpx.codes.OK:
            assert time.monotonic() < deadline, self.stack.log("web")[-2000:] + self.stack.log(TRANSCRIBER)[-2000:]
            time.sleep(0.1)

    def readiness(self, port: int) -> int:
        """The status of /ready; 0 without an answer."""
        try:
            return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code
        except httpx.HTTPError:
            return 0

    # ── Processes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def family(self, name: str) -> list[psutil.Process]:
        try:
            parent = psutil.Process(self.stack.running[name].pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def suspend(self, name: str) -> None:
        for one in self.family(name):
            one.suspend()

    def resume(self, name: str) -> None:
        for one in self.family(name):
            one.resume()

    def memory(self, name: str = "web") -> int:
        """Resident bytes."""
        return int(self.family(name)[0].memory_info().rss)

    def holds(self, client_port: int) -> bool:
        """Whether the web process still has the connection that comes from this port."""
        web = self.family("web")[0].net_connections("tcp")
        return any(one.raddr and one.raddr.port == client_port for one in web if one.status == psutil.CONN_ESTABLISHED)

    def replace_web(self) -> None:
        """A rolling deploy."""
        self.start_next_web()
        self.switch_web()

    def start_next_web(self) -> None:
        """Beside the first, on a port of its own."""
        self.stack.port = free_port()
        self.stack.start_web("next")

    def switch_web(self) -> int:
        """The second takes the traffic once the first, told to stop, is not ready any more; what it says then."""
        old = self.front.target_port
        self.stack.running["web"].send_signal(signal.SIGTERM)
        while (readiness := self.readiness(old)) == httpx.codes.OK:
            time.sleep(0.02)
        self.front.target_port = self.stack.port
        self.stack.running.pop("web").wait(timeout=20)
        self.stack.running["web"] = self.stack.running.pop("next")
        return readiness

    def start_scripted(self, name: str = TRANSCRIBER, **script: float) -> None:
        """A transcriber whose engine misbehaves, in the place of the one that runs."""
        if name in self.stack.running:
            self.stack.kill(name)
        self.scripted.add(name)
        self.stack.start_transcriber(name, MODEL=",".join(f"{key}={value}" for key, value in script.items()))

    # ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def meeting(self, people: int) -> list[Ticket]:
        made = self.backstage.ask("make_meeting", people=people)
        return [Ticket(self.base_url, made["code"], **guest) for guest in made["guests"]]


@dataclass
class Gathering:
    """The pages of one meeting during a test; the first has the room open, `microphones` speak."""

    site: Site
    seed: int
    tickets: list[Ticket]
    rooms: list[Room] = field(default_factory=list)
    microphones: list[Microphone] = field(default_factory=list)

    @property
    def room(self) -> Room:
        return self.rooms[0]

    @property
    def microphone(self) -> Microphone:
        return self.microphones[0]

    def enter(self, ticket: Ticket) -> Room:
        room = Room(ticket, self._chance(len(self.rooms)))
        self.rooms.append(room)
        room.open()
        return room

    async def enter_host(self) -> Room:
        """Who may do what only hosts may."""
        seat: dict[str, str] = await self.ask("seat_host")
        room = self.enter(Ticket(self.site.base_url, self.tickets[0].code, **seat))
        await until(lambda: room.welcomes)
        return room

    def unmute(self, ticket: Ticket, **options: Any) -> Microphone:
        microphone = Microphone(ticket, self._chance(100 + len(self.microphones)), **options)
        self.microphones.append(microphone)
        microphone.open()
        return microphone

    async def ask(self, action: str, **arguments: Any) -> Any:
        """Something of the backstage that is about this meeting."""
        return await aside(lambda: self.site.backstage.ask(action, code=self.tickets[0].code, **arguments))

    def _chance(self, salt: int) -> random.Random:
        return random.Random(f"{self.seed} {salt}")

    async def speak(self, seconds: float) -> None:
        await asyncio.gather(*(microphone.speak(seconds) for microphone in self.microphones))

    async def finish(self, seconds: float = 60.0) -> Tally:
        """Mute everyone, wait until all that was said is shown, check what a fresh page sees, and count."""
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(microphone.stop() for microphone in self.microphones))
        with suppress(TimeoutError):  # then the count says what is missing
            await until(self._all_shown, seconds)
        await self.agree()
        return self.count()

    async def agree(self) -> None:
        """What every page shows is what a fresh one reads, and the store adds up."""
        await asyncio.sleep(1.0)  # what comes twice comes now
        await self.same_for_everybody()
        assert await self._audit() == []

    async def _audit(self) -> list[str]:
        """What does not add up, once streams that nobody stopped have been given up as idle."""
        for _ in range(15):
            found: list[str] = await self.ask("audit")
            if not found:
                break
            await asyncio.sleep(1.0)
        return found

    def count(self, allowed_lost: Sequence[int] = ()) -> Tally:
        return tally(self.room, self.microphones, allowed_lost=allowed_lost)

    async def covered_by_gaps(self, microphone: Microphone) -> list[int]:
        """Counters whose frames begin inside a declared gap."""
        lines = [line for line in await self.ask("segments") if line["stream"] == microphone.stream_id]
        ranges = [(line["start_sample"], line["end_sample"]) for line in lines if line["kind"] == "gap"]
        return [word for word, at in microphone.places.items() if any(start <= at < end for start, end in ranges)]

    def _all_shown(self) -> bool:
        return all(self._shown(microphone) for microphone in self.microphones)

    def _shown(self, microphone: Microphone) -> bool:
        heard = set(self.room.words(microphone.stream_id))
        return heard.issuperset(microphone.said)

    async def same_for_everybody(self, patience_s: float = 20.0) -> None:
        """What a page rebuilt from its messages equals a fresh read of the meeting."""
        fresh = Room(self.tickets[-1], self._chance(999))
        fresh.open()
        await until(lambda: fresh.sequence >= self.room.sequence and fresh.welcomes, patience_s)
        for room in self.rooms:
            if room.refused is None and room.reads and room.ticket is not self.tickets[-1]:
                await until(partial(_has, room, fresh.sequence), patience_s)
                with suppress(TimeoutError):
                    await until(partial(_shows_the_same, room, fresh), 10)
                assert room.finals == fresh.finals, _differences(room.finals, fresh.finals)
                with suppress(TimeoutError):
                    await until(partial(_agree, room, fresh), patience_s)
                assert _agree(room, fresh), _disagreement(room, fresh)
        await fresh.close()

    async def close(self) -> None:
        for socket in (*self.microphones, *self.rooms):
            await socket.close()


def _agree(one: Room, other: Room) -> bool:
    """Both show the same people in the same state, the same marks and the same state of the meeting."""
    return not _disagreement(one, other)


def _disagreement(one: Room, other: Room) -> dict[str, tuple[object, object]]:
    return {name: (one.state[name], other.state[name]) for name in one.state if one.state[name] != other.state[name]}


def _has(room: Room, sequence: int) -> bool:
    return room.sequence >= sequence


_aside = ThreadPoolExecutor(max_workers=2, thread_name_prefix="aside")


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> float:
    """Wait for it; returns how long it took, raises TimeoutError."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"not within {seconds:.0f} s")
        await asyncio.sleep(0.02)
    return time.monotonic() - started


async def aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """Blocking work while the pages go on, in a thread that stays: a process we start ends with its thread."""
    return await asyncio.get_running_loop().run_in_executor(_aside, work, *arguments)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _shows_the_same(room: Room, fresh: Room) -> bool:
    return room.finals == fresh.finals


def _differences(shown: Sequence[object], stored: Sequence[object]) -> list[tuple[object, object]]:
    """Of two pages, captions that are not the same."""
    return [pair for pair in zip_longest(shown, stored) if pair[0] != pair[1]][:5]
