"""How much one web process carries: `python -m tests.faults.load`. Writes `var/load.json` and docs/reliability.md.

Real Daphne, Valkey and Postgres without proxies, a scripted engine; the pages run in this process, on the same CPUs.
Each meeting has five speakers who send 100 ms frames in real time, one of whom talks at any moment (one caption a
second), and 25 listeners. The number of meetings is raised to the goal's, and on until something does not hold.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from tests.faults.crowd import Crowd, Listener, Voice
from tests.faults.figures import DOCUMENT, MISSED, Figure, Tally, commit, machine, p99, replace_between, tally
from tests.faults.pages import Microphone, Room, talking
from tests.faults.site import Site, aside, until
from tests.faults.sockets import LastingSocket
from tests.stack import ROOT

RESULTS = ROOT / "var" / "load.json"
SPEAKERS, LISTENERS = 5, 25
GOAL_MEETINGS = 20
GOAL_P99_S, GOAL_SECONDS, GOAL_CPU, GOAL_MB = 0.5, 600, 0.8, 300
GOAL_IDLE_MB, GOAL_BACK_S = 250, 15
COMEBACK_S = 90.0
WARM_UP_S = 4.0  # a transcriber claims the streams
GOALS = "lost 0, doubled 0, every p99 ≤ 500 ms; at 20 meetings for 600 s ≤ 80 % of a core and ≤ 300 MB"


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """What was measured with so many meetings. Times are p99 in ms."""

    meetings: int
    sockets: int
    seconds: float
    lost: int
    doubled: int
    acknowledged_ms: int  # from sending a frame to its acknowledgement, of which 200 ms are by design
    fan_out_ms: int  # from the first page that shows a final to every other one
    answer_ms: int  # from a ping to its pong
    pages_late_ms: int  # of this process: it is part of every figure above
    web_cpu: float  # share of one core
    web_mb: float

    @property
    def holds(self) -> bool:
        slowest = max(self.acknowledged_ms, self.fan_out_ms, self.answer_ms)
        return not self.lost and not self.doubled and slowest <= GOAL_P99_S * 1_000

    def cells(self) -> str:
        """Marked where a goal is missed; the web process's are goals for so many meetings."""
        at_goal = self.meetings == GOAL_MEETINGS
        cells = [
            str(self.meetings),
            str(self.sockets),
            f"{self.seconds:.0f}{MISSED * (at_goal and self.seconds < GOAL_SECONDS)}",
            *(f"{count}{MISSED * (count > 0)}" for count in (self.lost, self.doubled)),
            *(f"{wait}{MISSED * (wait > 1_000 * GOAL_P99_S)}"
              for wait in (self.acknowledged_ms, self.fan_out_ms, self.answer_ms)),
            str(self.pages_late_ms),
            f"{self.web_cpu:.0%}{MISSED * (at_goal and self.web_cpu > GOAL_CPU)}",
            f"{self.web_mb:.0f}{MISSED * (at_goal and self.web_mb > GOAL_MB)}",
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"


HEADING = (
    "| meetings | sockets | s | lost | doubled | ack (ms, p99) | fan-out | ping | pages late | web CPU | MB |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def ms(seconds: list[float]) -> int:
    return round(1_000 * p99(seconds)) if len(seconds) > 1 else 0


@asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """How late this process's own timers are, in seconds."""
    late: list[float] = []

    async def watch() -> None:
        while True:
            wanted = time.monotonic() + 0.05
            await asyncio.sleep(0.05)
            late.append(time.monotonic() - wanted)

    watching = asyncio.create_task(watch())
    yield late
    watching.cancel()


async def stage(site: Site, meetings: int, seconds: float) -> Stage:
    say(f"{meetings} meetings: connecting {meetings * (SPEAKERS + LISTENERS)} pages")
    crowd = Crowd([await room(site) for _ in range(meetings)])
    started = time.monotonic()
    await crowd.open()
    say(f"all are in after {time.monotonic() - started:.1f} s")
    web = site.family("web")[0]
    async with lateness() as late:
        speaking = asyncio.create_task(crowd.speak(WARM_UP_S + seconds))
        await asyncio.sleep(WARM_UP_S)
        crowd.forget_times()
        late.clear()
        web.cpu_percent()
        await speaking
    cpu, memory = web.cpu_percent() / 100, site.memory() / 1e6
    await crowd.settle(30)
    acks = [wait for voice in crowd.voices for wait in voice.ack_s]
    answers = [wait for page in crowd.pages for wait in page.answer_s]
    measured = Stage(
        meetings, len(crowd.pages), seconds, crowd.lost, crowd.doubled,
        ms(acks), ms(crowd.spread()), ms(answers), ms(late), round(cpu, 2), round(memory),
    )  # fmt: skip
    await crowd.close()
    say(f"{'holds' if measured.holds else 'does not hold'}: {measured}")
    return measured


async def room(site: Site) -> tuple[list[Voice], list[Listener]]:
    tickets = await aside(site.meeting, SPEAKERS + LISTENERS)
    voices = [Voice(ticket, turn=turn) for turn, ticket in enumerate(tickets[:SPEAKERS])]
    script: dict[int, str] = {}
    return voices, [Listener(ticket, script=script) for ticket in tickets[SPEAKERS:]]


async def idle(site: Site, count: int) -> str:
    """People who only listen, 50 in each meeting; what the web process weighs with them."""
    say(f"{count} idle listeners: connecting")
    before = site.memory() / 1e6
    rooms = [await aside(site.meeting, 50) for _ in range(count // 50)]
    crowd = Crowd([([], [Listener(ticket) for ticket in tickets]) for tickets in rooms])
    await crowd.open()
    await asyncio.sleep(10)
    after, closed = site.memory() / 1e6, sum(page.closed for page in crowd.pages)
    await crowd.close()
    weight = Figure("RSS", round(after), GOAL_IDLE_MB, "MB")
    return f"{count} idle listeners: web RSS {before:.0f} → {weight}, {closed} closed{MISSED * (closed > 0)}."


class PatientRoom(Room):
    tick_s = 1.0


class PatientMicrophone(Microphone):
    tick_s = 0.5


async def comeback(site: Site, meetings: int) -> str:
    """Everybody's web process is killed in mid-speech; how long until all pages are back, and what is missing."""
    tickets = [await aside(site.meeting, SPEAKERS + LISTENERS) for _ in range(meetings)]
    chance = random.Random(1)
    microphones = [
        [PatientMicrophone(ticket, chance, script=lambda index, turn=turn: spoken(index, turn))  # type: ignore[misc]
         for turn, ticket in enumerate(some[:SPEAKERS])] for some in tickets
    ]  # fmt: skip
    rooms = [[PatientRoom(ticket, chance) for ticket in some[SPEAKERS:]] for some in tickets]
    pages: list[LastingSocket] = [*chain.from_iterable(microphones), *chain.from_iterable(rooms)]
    say(f"{len(pages)} pages come back after kill -9: connecting")
    for page in pages:
        page.open()
        await asyncio.sleep(0.025)
    await until(lambda: all(page.is_open for page in pages), 120)
    speaking = asyncio.gather(*(one.speak(45) for some in microphones for one in some))
    await asyncio.sleep(5)
    killed = time.monotonic()
    site.stack.kill("web")
    await aside(site.stack.start_web)
    started = time.monotonic() - killed
    with suppress(TimeoutError):
        await until(lambda: all(page.connections > 1 and page.is_open for page in pages), COMEBACK_S)
    back = time.monotonic() - killed
    missing = sum(not page.is_open for page in pages)
    with suppress(TimeoutError):
        async with asyncio.timeout(COMEBACK_S):
            await speaking
            await asyncio.gather(*(one.stop() for some in microphones for one in some))
    counts = await counted(rooms, microphones)
    for page in pages:
        await page.close()
    wrong = [
        Figure("lost", sum(one.lost for one in counts), 0),
        Figure("doubled", sum(one.doubled for one in counts), 0),
    ]
    how = f"{missing} of them were not back" if missing else "all were back"
    took = Figure("back", back, GOAL_BACK_S, "s")
    return (
        f"{len(pages)} pages after kill -9 in mid-speech: {how} after {took}, of which its start {started:.1f} s; "
        f"{', '.join(f'{one.what} {one}' for one in wrong)}."
    )


def spoken(index: int, turn: int) -> int:
    return talking(index + 4 * turn)


async def counted(rooms: list[list[PatientRoom]], microphones: list[list[PatientMicrophone]]) -> list[Tally]:
    """For every listener."""
    for _ in range(60):
        counts = [tally(one, some) for heard, some in zip(rooms, microphones, strict=True) for one in heard]
        if not any(one.lost for one in counts):
            break
        await asyncio.sleep(0.5)
    return counts


async def run(site: Site, options: argparse.Namespace) -> dict[str, Any]:
    stages: list[Stage] = []
    for meetings in options.meetings:
        seconds = options.goal_seconds if meetings == GOAL_MEETINGS else options.seconds
        stages.append(await stage(site, meetings, seconds))
        if not stages[-1].holds and meetings >= GOAL_MEETINGS:
            break
    held = max((one.meetings for one in stages if one.holds), default=0)
    broken = [one.meetings for one in stages if not one.holds]
    saturation = f"Holds {held} meetings ({held * (SPEAKERS + LISTENERS)} sockets); " + (
        f"does not hold {broken[0]}." if broken else "more was not tried."
    )
    say(saturation)
    await asyncio.sleep(2)
    others = [await comeback(site, meetings) for meetings in options.comeback] + [await idle(site, options.idle)]
    for text in others:
        say(text)
    return {"stages": [asdict(one) for one in stages], "saturation": saturation, "others": others,
            "table": [one.cells() for one in stages]}  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--meetings", type=int, nargs="+", default=[5, 10, 15, 20, 30, 45, 60], help="one stage after the other"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of speech in each stage")
    parser.add_argument(
        "--goal-seconds",
        type=float,
        default=60.0,
        help=f"of speech with {GOAL_MEETINGS} meetings (goal: {GOAL_SECONDS})",
    )
    parser.add_argument("--comeback", type=int, nargs="+", default=[10, 20], help="meetings of a kill -9")
    parser.add_argument("--idle", type=int, default=2_000, help="listeners who only listen")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {"MAX_STREAMS": "400"}
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        say("starting the product")
        site = Site(Path(folder) / "site", direct=True, **settings)
        try:
            site.wait_ready()
            result = asyncio.run(run(site, options))
        finally:
            site.close()
    facts = {"machine": machine(), "commit": commit(), "settings": {**settings, **vars(options)}, "goals": GOALS}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**facts, **result}, indent=1))
    where = ", ".join(f"{name} {value}" for name, value in machine().items())
    lines = [HEADING, *result["table"], "", result["saturation"], "", *"\n\n".join(result["others"]).split("\n"), ""]
    lines.append(f"Goals: {GOALS}. Pages and product on the same CPUs; {where}; commit {commit()}.")
    replace_between(DOCUMENT, "\n".join(lines), "<!-- load: begin -->", "<!-- load: end -->")


if __name__ == "__main__":
    main()
