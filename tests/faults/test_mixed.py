"""Row 42: all faults in a seeded order, three a minute, while people talk. `FAULTS_MIXED_MINUTES` says how long."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

import pytest

from tests.faults.figures import Figure, Figures, row
from tests.faults.pages import RATE, talking
from tests.faults.site import LEASE_S, TRANSCRIBER, Gathering, aside
from tests.faults.stores import give_back

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.slow]
MINUTES = float(os.environ.get("FAULTS_MIXED_MINUTES", "1.5"))
EVERY_S = 20.0


async def cut_front(gathering: Gathering) -> None:
    gathering.site.front.cut()


async def cut_bus(gathering: Gathering) -> None:
    gathering.site.bus.cut()


async def cut_base(gathering: Gathering) -> None:
    gathering.site.base.cut()


async def black_hole(gathering: Gathering) -> None:
    gathering.site.front.weather.swallow = True
    await asyncio.sleep(8)
    gathering.site.front.heal()


async def slow_bus(gathering: Gathering) -> None:
    gathering.site.bus.weather.delay_s = 0.1
    await asyncio.sleep(6)
    gathering.site.bus.weather.delay_s = 0.0


async def kill_web(gathering: Gathering) -> None:
    gathering.site.stack.kill("web")
    await aside(gathering.site.stack.start_web)


async def deploy(gathering: Gathering) -> None:
    await aside(gathering.site.replace_web)


async def kill_transcriber(gathering: Gathering) -> None:
    gathering.site.stack.kill(TRANSCRIBER)
    await aside(gathering.site.stack.start_transcriber, TRANSCRIBER)


async def suspend_transcriber(gathering: Gathering) -> None:
    gathering.site.suspend(TRANSCRIBER)
    await asyncio.sleep(2 * LEASE_S)
    gathering.site.resume(TRANSCRIBER)


async def restart_redis(gathering: Gathering) -> None:
    await aside(gathering.site.valkey.kill)
    await asyncio.sleep(1)
    await aside(gathering.site.valkey.start)


async def restart_postgres(gathering: Gathering) -> None:
    await aside(gathering.site.postgres.restart_at_once)


async def suspend_postgres(gathering: Gathering) -> None:
    gathering.site.postgres.signal(signal.SIGSTOP)
    await asyncio.sleep(5)
    gathering.site.postgres.signal(signal.SIGCONT)


async def full_redis(gathering: Gathering) -> None:
    gathering.site.valkey.client().config_set("maxmemory", 1)
    await asyncio.sleep(4)
    gathering.site.valkey.client().config_set("maxmemory", 0)


async def empty_redis(gathering: Gathering) -> None:
    """What it had acknowledged and nobody had read yet becomes a gap, of a second at most."""
    await aside(gathering.site.valkey.kill)
    gathering.site.valkey.empty()
    await asyncio.sleep(1)
    await aside(gathering.site.valkey.start)


async def black_hole_bus(gathering: Gathering) -> None:
    gathering.site.bus.weather.swallow = True
    await asyncio.sleep(8)
    gathering.site.bus.heal()


async def black_hole_base(gathering: Gathering) -> None:
    gathering.site.base.weather.swallow = True
    await asyncio.sleep(8)
    gathering.site.base.heal()


async def no_connections(gathering: Gathering) -> None:
    taken = await aside(gathering.site.postgres.take_all_connections)
    await asyncio.sleep(5)
    await aside(give_back, taken)


async def kill_worker(gathering: Gathering) -> None:
    if "worker" in gathering.site.stack.running:
        gathering.site.stack.kill("worker")
    await aside(gathering.site.stack.start_worker)


async def hang_engine(gathering: Gathering) -> None:
    """An engine that does not come back, at its first try, from a window that is said soon."""
    soon = next(index + 1 for index in count(gathering.microphone.index + 60) if talking(index))
    await aside(lambda: gathering.site.start_scripted(hang_once=soon))


FAULTS: tuple[Callable[[Gathering], Coroutine[Any, Any, None]], ...] = (
    cut_front, cut_bus, cut_base, black_hole, black_hole_bus, black_hole_base, slow_bus, kill_web, deploy,
    kill_transcriber, suspend_transcriber, hang_engine, kill_worker, restart_redis, empty_redis, full_redis,
    restart_postgres, suspend_postgres, no_connections,
)  # fmt: skip
GAP_S = 1.0  # at most, for each time that Redis lost everything


@row(42, f"a mix of all for {MINUTES:g} min")
@pytest.mark.timeout(MINUTES * 60 + 600)
async def test_a_mix_of_all_faults_breaks_no_promise(gathering: Gathering, figures: Figures) -> None:
    """After each fault every page shows what a fresh one reads, with marks that were made meanwhile."""
    chance = random.Random(figures.seed)
    gathering.unmute(gathering.tickets[1], script=lambda index: talking(index + 7))
    gathering.enter(gathering.tickets[2])
    speaking = asyncio.create_task(gathering.speak(MINUTES * 60))
    last = time.monotonic() + MINUTES * 60 - EVERY_S
    happened: list[str] = []
    while time.monotonic() < last:
        moment = time.monotonic()
        fault = chance.choice(FAULTS)
        happened.append(fault.__name__)
        await fault(gathering)
        gathering.room.mark(f"after {len(happened)}")
        await gathering.same_for_everybody(60)
        await asyncio.sleep(max(0.0, moment + EVERY_S - time.monotonic()))
    await speaking
    await gathering.finish(120)
    covered = [word for one in gathering.microphones for word in await gathering.covered_by_gaps(one)]
    gaps = [line for line in await gathering.ask("segments") if line["kind"] == "gap"]
    gap_s = sum(line["end_sample"] - line["start_sample"] for line in gaps) / RATE
    may_gap_s = GAP_S * happened.count("empty_redis") * len(gathering.microphones)
    figures.add(
        gathering.count(allowed_lost=covered),
        Figure("faults", len(happened)),
        Figure("declared gaps", gap_s, may_gap_s, "s", bearable=may_gap_s),
        Figure("marks", len(gathering.room.marks)),
        shown=sorted(set(happened)),
    )
