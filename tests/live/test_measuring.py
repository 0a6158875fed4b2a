"""A caption's way through real processes is measured stage by stage, shown to the room and to a metrics collector."""

import asyncio
import json
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.people import FRAME_SAMPLES, Person, Socket
from tests.stack import NewStack, Stack
from transcription.engines.scripted import counter_frame
from transcription.latency import STAGES

TOKEN = "a-token-for-the-collector"
FRAMES = 30


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted", MODEL="speed=0", METRICS_TOKEN=TOKEN, LOG_FORMAT="json")
    stack.start_web()
    stack.start_worker()
    stack.start_transcriber()
    stack.wait_ready()
    return stack


async def say_something(audio: Socket, room: Socket) -> None:
    """Three seconds of speech in real time, until its final is there."""
    await audio.say(type="audio.start")
    await audio.expect("audio.ready")
    await audio.say(type="ping", echo=0, rtt_ms=40)
    began = time.monotonic()
    for number in range(FRAMES + 10):
        await asyncio.sleep(began + number / 10 - time.monotonic())
        await audio.send_frame(number * FRAME_SAMPLES, counter_frame(number + 1 if number < FRAMES else 0))
    await audio.say(type="audio.stop")
    await room.expect("caption.final")


def scrape(site: Stack) -> Iterator[Sample]:
    answer = httpx.get(f"{site.base_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    assert answer.status_code == httpx.codes.OK
    for family in text_string_to_metric_families(answer.text):
        yield from family.samples


async def test_every_stage_is_measured_shown_to_the_room_and_scraped(site: Stack) -> None:
    host = Person(site.base_url)
    host.sign_up(f"Host {secrets.token_hex(4)}")
    code = host.start_meeting("Measured")
    async with host.room(code) as room, host.audio(code) as audio:
        await room.say(type="hello")
        assert "latency" not in await room.expect("status")
        await say_something(audio, room)
        await asyncio.sleep(2.5)  # a report of each process
        await room.say(type="ping", echo=0)
        latency = (await room.expect("status", where=lambda status: "latency" in status))["latency"]
    stages = {one["stage"]: one for one in latency["stages"]}
    assert tuple(stages) == STAGES
    assert (latency["limit_ms"], latency["late"]) == (2_000, 0.0)
    assert 19 <= stages["network"]["p50_ms"] <= 60
    assert 0 < stages["caption"]["p50_ms"] < 2_000

    samples = list(scrape(site))
    counted: Counter[str] = Counter()
    for sample in samples:
        if sample.name == "transcription_latency_seconds_count":
            counted[sample.labels["stage"]] += int(sample.value)
    assert all(counted[stage] for stage in STAGES)
    assert counted["capture"] == FRAMES + 10
    processes = {s.labels["process"].split("-")[0] for s in samples if "process" in s.labels}
    assert {"web", "transcriber"} <= processes
    values: defaultdict[str, float] = defaultdict(float)
    for sample in samples:
        values[sample.name] += sample.value
    assert values["transcription_batch_size_count"] > 0
    assert values["transcription_latency_limit_seconds"] == 2.0
    assert values["transcription_bus_frames"] == 0


async def test_what_the_worker_does_is_counted(site: Stack) -> None:
    async with asyncio.timeout(40):
        while not (done := [s for s in scrape(site) if s.name == "meeting_tasks_total"]):
            await asyncio.sleep(1)
    assert {s.labels["state"] for s in done} == {"success"}
    assert all(s.labels["process"].startswith("worker-") for s in done)


def test_every_record_of_a_stream_names_it_and_its_meeting(site: Stack) -> None:
    """After the meeting above."""
    records = [json.loads(line) for line in site.log("transcriber").splitlines() if line.startswith("{")]
    claimed = next(record for record in records if "claimed" in record["message"])
    assert set(claimed) >= {"at", "level", "meeting", "stream"}


async def test_a_caption_beyond_the_limit_is_a_violation(new_stack: NewStack) -> None:
    site = new_stack(ENGINE="scripted", MODEL="speed=4", METRICS_TOKEN=TOKEN, LATENCY_LIMIT_MS="100")
    site.start_web()
    site.start_transcriber()
    site.wait_ready()
    host = Person(site.base_url)
    host.sign_up("Ada")
    code = host.start_meeting("Late")
    async with host.room(code) as room, host.audio(code) as audio:
        await room.say(type="hello")
        await say_something(audio, room)
        await asyncio.sleep(2.5)
        await room.say(type="ping", echo=0)
        status = await room.expect("status", where=lambda status: "latency" in status)
    assert 0 < status["latency"]["late"] <= 1
    late = [s.value for s in scrape(site) if s.name == "transcription_latency_violations_total"]
    assert sum(late) > 0
