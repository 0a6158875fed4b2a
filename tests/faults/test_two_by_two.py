"""Two web processes and two transcribers, sixteen speakers: load spreads, one of each goes, nothing is lost."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.figures import Figure, Figures, row, took
from tests.faults.proxy import Proxy
from tests.faults.site import LEASE_S, TRANSCRIBER, Gathering, Site, aside, until
from tests.stack import free_port

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(300)]
SPEAKERS = 16
SECOND_WEB, SECOND_TRANSCRIBER = "web2", "transcriber2"


class Crowd(Gathering):
    """One meeting whose people come by two ways: even ones by the first web process, odd ones by the second."""

    other: Proxy


@pytest_asyncio.fixture
async def crowd(site: Site, figures: Figures) -> AsyncIterator[Crowd]:
    port = await aside(start_second, site)
    made = Crowd(site, figures.seed, site.meeting(SPEAKERS + 1))
    made.other = Proxy(port)
    made.enter(made.tickets[0])
    for number, ticket in enumerate(made.tickets[:SPEAKERS]):
        microphone = made.unmute(ticket)
        microphone.through(made.other.port if number % 2 else site.front.port)
    yield made
    await made.close()
    made.other.close()


def start_second(site: Site) -> int:
    """Of each process; returns the port of the second web process."""
    site.stack.start_transcriber(SECOND_TRANSCRIBER)
    return start_web(site)


def streams_of_each(site: Site) -> list[int]:
    """How many speakers each living transcriber has."""
    reports = [json.loads(report) for report in site.valkey.client().hgetall("transcribers").values()]
    return sorted(report["streams"] for report in reports if time.time() - report["at"] < 8)


@row(43, f"two by two: {SPEAKERS} speakers, one of each killed")
async def test_one_of_each_dies_among_sixteen_speakers(crowd: Crowd, figures: Figures) -> None:
    site = crowd.site
    await until(lambda: len(streams_of_each(site)) == 2)
    speaking = asyncio.create_task(crowd.speak(40.0))
    await until(lambda: sum(streams_of_each(site)) == SPEAKERS, 20)  # reported every two seconds
    shares = streams_of_each(site)
    assert shares[0] >= SPEAKERS // 4  # neither idles while the other works
    site.stack.kill(SECOND_TRANSCRIBER)
    await asyncio.sleep(6.0)
    killed = time.monotonic()
    site.stack.kill(SECOND_WEB)
    crowd.other.target_port = site.stack.port  # as a load balancer does
    await asyncio.sleep(0.2)  # the resets have arrived
    recovered = await until(lambda: all(one.is_open and one.kept_s < 1.0 for one in crowd.microphones), 20)
    await speaking
    count = await crowd.finish(90)
    figures.add(count, took(recovered, LEASE_S + 5), Figure("speakers of the less busy", shares[0]),
                shown=crowd.microphones[1].shown_since(killed))  # fmt: skip


@row(43, f"two by two: {SPEAKERS} speakers, both web processes restarted in turn")
async def test_a_restart_of_one_web_process_after_the_other_costs_no_caption(crowd: Crowd, figures: Figures) -> None:
    """As a deploy does it: told to go, out of the load balancer, a new one in; then the next."""
    site = crowd.site
    speaking = asyncio.create_task(crowd.speak(24.0))
    await asyncio.sleep(4.0)
    moment = time.monotonic()
    site.stack.running[SECOND_WEB].send_signal(signal.SIGTERM)
    crowd.other.target_port = site.stack.port
    await aside(site.stack.running.pop(SECOND_WEB).wait, 20)
    port = await aside(start_web, site)
    crowd.other.target_port = port
    await aside(site.replace_web)
    recovered = await until(lambda: all(one.is_open and one.kept_s < 1.0 for one in crowd.microphones), 20)
    await speaking
    count = await crowd.finish(90)
    figures.add(count, took(recovered, 2.0), shown=crowd.microphones[1].shown_since(moment))
    assert {code for one in crowd.microphones for code in one.closes} == {1012}
    assert TRANSCRIBER in site.stack.running


def start_web(site: Site) -> int:
    first, site.stack.port = site.stack.port, free_port()
    try:
        site.stack.start_web(SECOND_WEB)
        return site.stack.port
    finally:
        site.stack.port = first
