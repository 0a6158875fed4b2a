"""Row 42: all faults in a seeded order, three a minute, while people talk. `FAULTS_MIXED_MINUTES` says how long."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.faults.figures import Figure, Figures, row
from tests.faults.pages import talking
from tests.faults.site import LEASE_S, TRANSCRIBER, Gathering, Site, aside

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.slow]
MINUTES = float(os.environ.get("FAULTS_MIXED_MINUTES", "1.5"))
EVERY_S = 20.0


async def cut_front(site: Site) -> None:
    site.front.cut()


async def cut_bus(site: Site) -> None:
    site.bus.cut()


async def cut_base(site: Site) -> None:
    site.base.cut()


async def black_hole(site: Site) -> None:
    site.front.weather.swallow = True
    await asyncio.sleep(8)
    site.front.heal()


async def slow_bus(site: Site) -> None:
    site.bus.weather.delay_s = 0.1
    await asyncio.sleep(6)
    site.bus.weather.delay_s = 0.0


async def kill_web(site: Site) -> None:
    site.stack.kill("web")
    await aside(site.stack.start_web)


async def deploy(site: Site) -> None:
    await aside(site.replace_web)


async def kill_transcriber(site: Site) -> None:
    site.stack.kill(TRANSCRIBER)
    await aside(site.stack.start_transcriber, TRANSCRIBER)


async def suspend_transcriber(site: Site) -> None:
    site.suspend(TRANSCRIBER)
    await asyncio.sleep(2 * LEASE_S)
    site.resume(TRANSCRIBER)


async def restart_redis(site: Site) -> None:
    await aside(site.valkey.kill)
    await asyncio.sleep(1)
    await aside(site.valkey.start)


async def restart_postgres(site: Site) -> None:
    await aside(site.postgres.restart_at_once)


async def suspend_postgres(site: Site) -> None:
    site.postgres.signal(signal.SIGSTOP)
    await asyncio.sleep(5)
    site.postgres.signal(signal.SIGCONT)


FAULTS: tuple[Callable[[Site], Coroutine[Any, Any, None]], ...] = (
    cut_front, cut_bus, cut_base, black_hole, slow_bus, kill_web, deploy, kill_transcriber, suspend_transcriber,
    restart_redis, restart_postgres, suspend_postgres,
)  # fmt: skip


@row(42, f"a mix of all for {MINUTES:g} min")
@pytest.mark.timeout(MINUTES * 60 + 300)
async def test_a_mix_of_all_faults_breaks_no_promise(gathering: Gathering, figures: Figures) -> None:
    site, chance = gathering.site, random.Random(figures.seed)
    gathering.unmute(gathering.tickets[1], script=lambda index: talking(index + 7))
    gathering.enter(gathering.tickets[2])
    speaking = asyncio.create_task(gathering.speak(MINUTES * 60))
    until = time.monotonic() + MINUTES * 60 - EVERY_S
    happened: list[str] = []
    while time.monotonic() < until:
        moment = time.monotonic()
        fault = chance.choice(FAULTS)
        happened.append(fault.__name__)
        await fault(site)
        await asyncio.sleep(max(0.0, moment + EVERY_S - time.monotonic()))
    await speaking
    count = await gathering.finish(120)
    kinds = sorted(set(happened))
    figures.add(count, Figure("faults", len(happened)), shown=kinds)
