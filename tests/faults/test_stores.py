"""Rows 22–29: what happens when Postgres or Redis dies, forgets, fills up or stands still."""

import asyncio
import signal
import time

import httpx
import psycopg
import pytest

from tests.faults.figures import Figure, Figures, p99, row, took
from tests.faults.pages import RATE
from tests.faults.site import Gathering, aside, until
from tests.faults.stores import give_back

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(240)]


async def streaming_again(gathering: Gathering, index: int, seconds: float = 40.0) -> float:
    """Until audio recorded after `index` is acknowledged and shown as a final, and nothing waits."""
    microphone, room = gathering.microphone, gathering.room
    return await until(
        lambda: microphone.kept_s < 1.0 and any(word > index for word in room.words(microphone.stream_id)), seconds
    )


@row(22, "Redis kill -9, back with its data")
async def test_redis_comes_back_with_its_data(gathering: Gathering, figures: Figures) -> None:
    speaking = asyncio.create_task(gathering.speak(16.0))
    await until(lambda: gathering.room.finals)
    killed = time.monotonic()
    await aside(gathering.site.valkey.kill)
    await asyncio.sleep(3.0)
    await aside(gathering.site.valkey.start)
    recovered = await streaming_again(gathering, gathering.microphone.index)
    shown = gathering.microphone.shown_since(killed)
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered, 10.0), shown=shown)


@row(23, "Redis restarted empty")
@pytest.mark.quick
async def test_redis_comes_back_empty(gathering: Gathering, figures: Figures) -> None:
    site, microphone = gathering.site, gathering.microphone
    speaking = asyncio.create_task(gathering.speak(16.0))
    await until(lambda: gathering.room.finals)
    killed = time.monotonic()
    await aside(site.valkey.kill)
    site.valkey.empty()
    await asyncio.sleep(1.0)
    await aside(site.valkey.start)
    recovered = await streaming_again(gathering, microphone.index)
    shown = microphone.shown_since(killed)
    await speaking
    await gathering.finish(30)
    gap_s = gathering.room.gap_samples(microphone.ticket.participant) / RATE
    count = gathering.count(allowed_lost=await gathering.covered_by_gaps(microphone))
    figures.add(count, took(recovered), Figure("declared gap", gap_s, 1.0, "s", bearable=1.0), shown=shown)


@row(24, "Redis full (noeviction)")
async def test_a_full_redis_withholds_its_acknowledgement(gathering: Gathering, figures: Figures) -> None:
    valkey, microphone = gathering.site.valkey.client(), gathering.microphone
    speaking = asyncio.create_task(gathering.speak(14.0))
    await until(lambda: gathering.room.finals)
    moment = time.monotonic()
    valkey.config_set("maxmemory", 1)
    await asyncio.sleep(3.0)
    acknowledged = microphone.acknowledged
    await asyncio.sleep(1.0)
    assert microphone.acknowledged == acknowledged
    assert "held" in microphone.shown_since(moment)
    valkey.config_set("maxmemory", 0)
    recovered = await streaming_again(gathering, microphone.index)
    shown = microphone.shown_since(moment)
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered), shown=shown)


@row(25, "Redis + 500 ms")
async def test_a_slow_redis_makes_captions_late_and_no_more(gathering: Gathering, figures: Figures) -> None:
    microphone, room = gathering.microphone, gathering.room
    await gathering.speak(1.0)
    gathering.site.bus.weather.delay_s = 0.25
    await gathering.speak(3.0)
    del microphone.ack_times[:]
    moment = time.monotonic()
    await gathering.speak(16.0)
    late = p99(microphone.ack_times)
    said = [word for word, at in microphone.said_at.items() if moment < at < time.monotonic() - 4.0]
    seen, final = (
        p99([moments.get((microphone.stream_id, word), time.monotonic()) - microphone.said_at[word] for word in said])
        for moments in (room.seen_at, room.final_at)
    )
    gathering.site.bus.weather.delay_s = 0.0
    count = await gathering.finish()
    # A frame waits for the round trip under way, for its own, and for the third of its three.
    figures.add(count, Figure("acknowledged (p99)", late, 2.0, "s"), Figure("seen (p99)", seen, unit="s"),
                Figure("final (p99)", final, unit="s"), shown=microphone.shown_since(0))  # fmt: skip


@row(25, "Redis connections cut, 60 times in 10 s")
async def test_cut_redis_connections_are_made_again(gathering: Gathering, figures: Figures) -> None:
    """Over and over, so that some are cut in the very moment when they are written to."""
    speaking = asyncio.create_task(gathering.speak(20.0))
    await until(lambda: gathering.room.finals)
    moment = time.monotonic()
    for _ in range(60):
        gathering.site.bus.cut()
        await asyncio.sleep(0.17)  # frames come every 0.1 s
    recovered = await streaming_again(gathering, gathering.microphone.index)
    shown = gathering.microphone.shown_since(moment)
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered), shown=shown)


@row(25, "an event of presence that Redis lost")
async def test_a_change_of_presence_that_redis_lost_is_noticed(gathering: Gathering, figures: Figures) -> None:
    """Valkey refuses to publish while somebody unmutes: nobody is told, and the next heartbeat sees the hole."""
    valkey, ticket = gathering.site.valkey.client(), gathering.tickets[1]
    other = gathering.enter(ticket)
    await until(lambda: other.welcomes and gathering.room.participants.get(ticket.participant, {}).get("present"))
    valkey.acl_setuser("default", enabled=True, commands=["-publish"])
    other.say(type="state", muted=False)
    await asyncio.sleep(1.0)
    valkey.acl_setuser("default", enabled=True, commands=["+publish"])
    noticed = await until(lambda: not gathering.room.participants[ticket.participant]["muted"], 15)
    await gathering.speak(3.0)
    count = await gathering.finish()
    figures.add(count, took(noticed, 6.0), shown="unmuted")


@row(25, "the last final not announced, its number {number}")
@pytest.mark.quick
@pytest.mark.parametrize("number", ["unknown", "forgotten"])
async def test_the_last_final_is_shown_although_it_was_not_announced(
    gathering: Gathering, figures: Figures, number: str
) -> None:
    """Valkey refuses to publish it, and forgets its number or never learns it; nobody says anything afterwards."""
    valkey = gathering.site.valkey.client()
    refused = ["-publish", "-set"] if number == "unknown" else ["-publish"]
    speaking = asyncio.create_task(gathering.speak(5.9))  # the last word ends at 5.2
    await until(lambda: len(gathering.room.finals) == 1)
    valkey.acl_setuser("default", enabled=True, commands=refused)
    await speaking
    await asyncio.sleep(2.0)
    before = len(gathering.room.finals)
    if number == "forgotten":
        await aside(valkey.flushall)
    valkey.acl_setuser("default", enabled=True, commands=[command.replace("-", "+") for command in refused])
    moment = time.monotonic()
    microphone = gathering.microphone
    await until(lambda: set(gathering.room.words(microphone.stream_id)).issuperset(microphone.said), 20)
    shown_after = time.monotonic() - moment
    count = await gathering.finish()
    figures.add(count, took(shown_after, 15.0), shown=f"{before} of {len(gathering.room.finals)} till then")
    assert before < len(gathering.room.finals)


@row(25, "a mark whose number Redis did not take")
async def test_a_mark_that_nobody_could_be_told_of_is_told_later(gathering: Gathering, figures: Figures) -> None:
    """Its author's page is sent back, comes again and says it again; another page learns of it then."""
    valkey, other = gathering.site.valkey.client(), gathering.enter(gathering.tickets[1])
    await until(lambda: other.welcomes)
    await gathering.speak(2.0)
    valkey.acl_setuser("default", enabled=True, commands=["-publish", "-set"])
    gathering.room.mark("decided")
    await asyncio.sleep(1.0)
    assert other.marks == {}
    valkey.acl_setuser("default", enabled=True, commands=["+publish", "+set"])
    told = await until(lambda: other.marks, 20)
    count = await gathering.finish()
    figures.add(count, took(told, 6.0), shown=gathering.room.shown_since(0))
    assert len(other.marks) == 1


@row(25, "going off the record and the end, not announced")
async def test_what_a_host_does_is_known_although_redis_lost_it(gathering: Gathering, figures: Figures) -> None:
    """Valkey refuses to publish while a host goes off the record; then while the meeting is ended."""
    valkey, room = gathering.site.valkey.client(), gathering.room
    host = await gathering.enter_host()
    await gathering.speak(3.0)
    await gathering.microphone.stop()
    valkey.acl_setuser("default", enabled=True, commands=["-publish"])
    host.say(type="meeting.set", off_record=True)
    await asyncio.sleep(1.0)
    assert room.off_record == {}
    valkey.acl_setuser("default", enabled=True, commands=["+publish"])
    noticed = await until(lambda: any(span["end_ms"] is None for span in room.off_record.values()), 15)
    await until(lambda: host.is_open)  # its page was sent away, as not everybody could be told
    host.say(type="meeting.set", off_record=False)
    await until(lambda: all(span["end_ms"] is not None for span in room.off_record.values()), 15)
    count = await gathering.finish()
    valkey.acl_setuser("default", enabled=True, commands=["-publish"])
    await gathering.ask("end_meeting")
    await asyncio.sleep(1.0)
    assert room.ended is None
    valkey.acl_setuser("default", enabled=True, commands=["+publish"])
    ended = await until(lambda: room.ended is not None, 15)
    await aside(gathering.site.stack.start_worker)  # where nobody could be told of the completion, it tries again
    await until(lambda: room.ended, 60)
    await gathering.agree()
    figures.add(count, took(noticed, 6.0), Figure("end noticed after", ended, 6.0, "s"), shown=room.shown_since(0))


@row(23, "presence that Redis forgot")
async def test_presence_is_known_again_after_redis_forgot_it(gathering: Gathering, figures: Figures) -> None:
    site, ticket = gathering.site, gathering.tickets[1]
    other = gathering.enter(ticket)
    await until(lambda: other.welcomes)
    other.say(type="state", muted=False)
    await until(lambda: not gathering.room.participants.get(ticket.participant, {"muted": True})["muted"])
    await aside(site.valkey.client().flushall)
    moment = time.monotonic()
    late = gathering.enter(gathering.tickets[2])
    expected = {"present": True, "muted": False}
    await until(lambda: expected.items() <= late.participants.get(ticket.participant, {}).items(), 15)
    known = time.monotonic() - moment
    await gathering.speak(3.0)
    count = await gathering.finish()
    figures.add(count, took(known, 6.0), shown="present, unmuted")


@row(26, "Postgres immediate restart")
@pytest.mark.quick
async def test_finals_wait_for_a_restarting_postgres(gathering: Gathering, figures: Figures) -> None:
    speaking = asyncio.create_task(gathering.speak(12.0))
    await until(lambda: gathering.room.finals)
    moment = time.monotonic()
    await aside(gathering.site.postgres.restart_at_once)
    recovered = await streaming_again(gathering, gathering.microphone.index)
    shown = gathering.microphone.shown_since(moment)
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered, 15.0), shown=shown)


@row(27, "Postgres SIGSTOP 20 s")
async def test_audio_goes_on_while_postgres_stands_still(gathering: Gathering, figures: Figures) -> None:
    microphone = gathering.microphone
    speaking = asyncio.create_task(gathering.speak(27.0))
    await until(lambda: gathering.room.finals)
    moment = time.monotonic()
    gathering.site.postgres.signal(signal.SIGSTOP)
    del microphone.ack_times[:]
    oldest = 0.0
    while time.monotonic() < moment + 20.0:
        oldest = max(oldest, microphone.oldest_s)
        await asyncio.sleep(0.02)
    late = p99(microphone.ack_times)
    gathering.site.postgres.signal(signal.SIGCONT)
    recovered = await streaming_again(gathering, microphone.index)
    shown = microphone.shown_since(moment)
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered), Figure("acknowledged (p99)", late, 0.5, "s"),
                Figure("longest unacknowledged", oldest, 1.0, "s"), shown=shown)  # fmt: skip
    assert (microphone.connections, gathering.room.connections) == (1, 1)


@pytest.mark.parametrize(
    "store",
    [
        pytest.param("Redis", marks=row(25, "Redis a black hole for 20 s")),
        pytest.param("Postgres", marks=row(27, "Postgres a black hole for 20 s")),
    ],
)
async def test_a_store_that_no_byte_reaches_is_given_up_and_found_again(
    gathering: Gathering, figures: Figures, store: str
) -> None:
    """Nothing is closed: only time limits notice. What was sent into it is lost with its connection."""
    site, microphone, room = gathering.site, gathering.microphone, gathering.room
    way = site.bus if store == "Redis" else site.base
    speaking = asyncio.create_task(gathering.speak(34.0))
    await until(lambda: room.finals)
    moment = time.monotonic()
    way.weather.swallow = True
    await asyncio.sleep(20.0)
    healed, acknowledged = time.monotonic(), microphone.oldest_s < 1.0
    way.heal()
    await streaming_again(gathering, microphone.index)
    recovered = time.monotonic() - healed
    shown = [*microphone.shown_since(moment), *room.shown_since(moment)]
    await speaking
    count = await gathering.finish(90)
    figures.add(count, took(recovered, 10.0 if store == "Redis" else 15.0), shown=shown)
    assert acknowledged == (store == "Postgres")


@row(28, "Postgres out of connections")
async def test_live_goes_on_when_postgres_has_no_connections_left(gathering: Gathering, figures: Figures) -> None:
    """Those that the product holds are taken away, too: it feels the fault in every pool."""
    site, ticket, microphone = gathering.site, gathering.tickets[0], gathering.microphone
    speaking = asyncio.create_task(gathering.speak(24.0))
    await until(lambda: gathering.room.finals)
    before = microphone.acknowledged
    taken: list[psycopg.Connection] = await aside(site.postgres.take_all_connections)
    cookies = {"sessionid": ticket.session}
    async with httpx.AsyncClient(base_url=site.base_url, cookies=cookies, timeout=30) as pages:
        page, ready = await asyncio.gather(pages.get(f"/m/{ticket.code}/room/"), pages.get("/ready"))
    moment, acknowledged, oldest = time.monotonic(), microphone.acknowledged - before, microphone.oldest_s
    await aside(give_back, taken)
    recovered = await streaming_again(gathering, microphone.index)
    shown = microphone.shown_since(moment)
    await speaking
    count = await gathering.finish()
    leaked = await aside(connections_beyond, site.postgres.url, POOLS * POOL_SIZE)
    figures.add(count, took(recovered), Figure("longest unacknowledged", oldest, 1.0, "s"),
                Figure("leaked", leaked, 0), shown=shown)  # fmt: skip
    assert (page.status_code, ready.status_code) == (503, 503)
    assert "try again in a moment" in page.text
    assert page.headers["Retry-After"]
    assert acknowledged > 0
    assert (microphone.connections, gathering.room.connections) == (1, 1)


POOLS, POOL_SIZE = 3, 8  # of the web process, the transcriber and the backstage


def connections_beyond(url: str, most: int) -> int:
    """How many connections there are beyond those, and how many hold a transaction open."""
    with psycopg.connect(url) as watch:
        row = watch.execute(
            "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%%') FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row
    return max(0, int(row[0]) - most) + int(row[1])


@row(28, "deadlock with whoever stores a final")
async def test_a_final_that_lost_a_deadlock_is_stored_at_the_next_try(gathering: Gathering, figures: Figures) -> None:
    """We hold the meeting; who stores a final holds its stream and waits for the meeting; then we want the stream."""
    site, code = gathering.site, gathering.tickets[0].code
    speaking = asyncio.create_task(gathering.speak(14.0))
    await until(lambda: gathering.room.finals)
    before = deadlocks(site.postgres.url)
    moment = time.monotonic()
    await aside(clash, site.postgres.url, code, gathering.microphone.stream_id)
    recovered = await streaming_again(gathering, gathering.microphone.index)
    happened = deadlocks(site.postgres.url) - before
    shown = gathering.microphone.shown_since(moment)
    await speaking
    count = await gathering.finish()
    figures.add(count, took(recovered), Figure("deadlocks", happened, 1), shown=shown)
    assert happened == 1


def clash(url: str, code: str, stream_id: str) -> None:
    """Make a deadlock in which the other waited longer, so that Postgres ends the other's transaction."""
    with psycopg.connect(url) as mine, psycopg.connect(url, autocommit=True) as watch:
        mine.execute("SELECT 1 FROM meetings_meeting WHERE code = %s FOR UPDATE", [code])
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while not watch.execute(waiting).fetchone()[0]:  # type: ignore[index]
            time.sleep(0.02)
        mine.execute("SELECT 1 FROM meetings_audiostream WHERE id = %s FOR UPDATE", [stream_id])
        mine.rollback()


def deadlocks(url: str) -> int:
    """So far, in this database; the counters come a second late."""
    time.sleep(1.5)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row
    return int(row[0])
