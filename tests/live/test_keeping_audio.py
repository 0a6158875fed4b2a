"""Audio that is kept, on real processes: all that may be, exactly once, and nothing else."""

import asyncio
import itertools
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import soundfile
from redis.asyncio import Redis

from tests.people import FRAME_SAMPLES, Person, Socket
from tests.stack import NewStack, Stack
from transcription.bus import AudioBus
from transcription.engines.scripted import counter_frame
from transcription.streams import StreamInfo


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted", MODEL="speed=0", LEASE_SECONDS="2")
    stack.start_web()
    stack.start_transcriber()
    stack.wait_ready()
    return stack


_names = itertools.count(1)


@pytest.fixture
def host(site: Stack) -> Person:
    person = Person(site.base_url)
    person.sign_up(f"Host {next(_names)}")
    return person


def kept(site: Stack, stream_id: str) -> dict[int, bytes]:
    """The PCM of every kept piece of a stream, by its first sample, as other software reads it."""
    with psycopg.connect(site.database_url) as connection:
        rows = connection.execute(
            "SELECT first_sample, samples, file FROM meetings_keptpiece WHERE stream_id = %s ORDER BY 1", [stream_id]
        ).fetchall()
    pieces = {}
    for first, count, name in rows:
        samples, rate = soundfile.read(Path(site.folder) / "kept" / name, dtype="int16")
        assert (len(samples), rate) == (count, 16_000)
        pieces[first] = samples.tobytes()
    return pieces


def files(site: Stack) -> list[Path]:
    return sorted((site.folder / "kept").rglob("*.flac"))


class Voice:
    """Somebody who speaks on and on in real time: one numbered frame after the other."""

    def __init__(self, audio: Socket) -> None:
        self.audio = audio
        self.number = 0

    async def speak(self) -> None:
        began = time.monotonic()
        while True:
            self.number += 1
            await self.audio.send_frame((self.number - 1) * FRAME_SAMPLES, counter_frame(self.number))
            await asyncio.sleep(max(0, began + self.number / 10 - time.monotonic()))


async def hello(room: Socket) -> dict[str, Any]:
    await room.say(type="hello")
    return await room.expect("welcome")


async def start(audio: Socket) -> str:
    await audio.say(type="audio.start")
    return str((await audio.expect("audio.ready"))["stream_id"])


async def stop(audio: Socket) -> None:
    await audio.say(type="audio.stop")
    await audio.expect("audio.summary")


async def until(condition: Any, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)


def frames(first: int, last: int) -> bytes:
    return b"".join(counter_frame(number) for number in range(first, last + 1))


def numbers(site: Stack, stream_id: str) -> list[int]:
    """Which frames were kept."""
    pieces = kept(site, stream_id)
    for first, pcm in pieces.items():
        assert pcm == frames(first // FRAME_SAMPLES + 1, (first + len(pcm) // 2) // FRAME_SAMPLES)
    return [
        first // FRAME_SAMPLES + 1 + index
        for first, pcm in pieces.items()
        for index in range(len(pcm) // 2 // FRAME_SAMPLES)
    ]


async def test_in_a_running_meeting_only_those_who_agree_are_kept_and_only_from_then_on(
    site: Stack, host: Person
) -> None:
    code = host.start_meeting("Weekly")
    guest = Person(site.base_url)
    guest.join(code, "Grace")
    async with host.room(code) as room, host.audio(code) as hosts, guest.room(code) as other, guest.audio(code) as own:
        await hello(room)
        await hello(other)
        host_stream, guest_stream = await start(hosts), await start(own)
        voice, host_voice = Voice(own), Voice(hosts)
        speaking = [asyncio.create_task(voice.speak()), asyncio.create_task(host_voice.speak())]
        marks = [0]

        async def passes(seconds: float = 1.0) -> None:
            await asyncio.sleep(seconds)
            marks.append(voice.number)

        await passes()
        await room.say(type="meeting.set", keep_audio=True)
        await other.expect("meeting.changed", where=lambda m: m["keep_audio"])
        await passes()
        await other.say(type="audio.agree", agreed=True)
        await room.expect("participant.joined", where=lambda m: m["participant"]["audio_agreed"])
        await passes()
        await room.say(type="meeting.set", off_record=True)
        await other.expect("off_record.changed")
        await passes()
        await room.say(type="meeting.set", off_record=False)
        await other.expect("off_record.changed", where=lambda m: m["end_ms"] is not None)
        await passes()
        await other.say(type="audio.agree", agreed=False)
        await room.expect("participant.joined", where=lambda m: m["participant"]["audio_agreed"] is False)
        await passes()
        for task in speaking:
            task.cancel()
        await asyncio.wait(speaking)
        await stop(hosts)
        await stop(own)
    await until(lambda: len(kept(site, guest_stream)) == 2 and len(kept(site, host_stream)) == 2)
    _, on, agreed, off_record, on_record, _, _ = marks
    of_guest, of_host = numbers(site, guest_stream), numbers(site, host_stream)
    assert on < of_host[0] <= on + 5
    assert of_host[-1] > host_voice.number - 5
    assert agreed < of_guest[0] <= agreed + 5
    for kept_numbers in (of_guest, of_host):
        assert {*range(off_record + 5, on_record + 1)}.isdisjoint(kept_numbers)
        assert {*range(agreed + 5, off_record)} <= {*kept_numbers}
    assert of_guest[-1] <= marks[5] + 4
    assert of_guest[-1] >= marks[5] - 4


async def test_a_full_disk_is_told_captions_go_on_and_the_audio_is_kept_afterwards(site: Stack, host: Person) -> None:
    code = host.start_meeting("Weekly", keep_audio="on")
    folder = site.folder / "kept"
    folder.mkdir(exist_ok=True)
    aside = folder.rename(site.folder / "aside")
    folder.write_text("no folder: nothing can be stored in it")
    async with host.room(code) as room, host.audio(code) as audio:
        await hello(room)
        stream_id = await start(audio)
        for number in range(1, 11):
            await audio.send_frame((number - 1) * FRAME_SAMPLES, counter_frame(number))
        await stop(audio)
        await room.expect("caption.final")
        async with asyncio.timeout(20):
            while (await _status(room)).get("keeping") != "stuck":
                await asyncio.sleep(0.5)
        folder.unlink()
        aside.rename(folder)
        await until(lambda: kept(site, stream_id) == {0: frames(1, 10)})


async def _status(room: Socket) -> dict[str, Any]:
    await room.say(type="ping", echo=0)
    return await room.expect("status")


async def test_a_guest_cannot_turn_it_on(site: Stack, host: Person) -> None:
    code = host.start_meeting("Weekly")
    guest = Person(site.base_url)
    guest.join(code, "Grace")
    async with guest.room(code) as other:
        await hello(other)
        await other.say(type="meeting.set", keep_audio=True)
        assert (await other.expect("error"))["code"] == "hosts_only"


async def test_who_takes_over_from_a_killed_transcriber_completes_the_audio_and_doubles_nothing(
    site: Stack, host: Person
) -> None:
    """A hundred seconds on the bus, as a page leaves them after a while without a transcriber."""
    code = host.start_meeting("Weekly")
    async with host.room(code) as room, host.audio(code) as audio:
        await hello(room)
        stream_id = await start(audio)
    async with Redis.from_url(site.redis_url) as redis:
        bus = AudioBus(redis)
        info = await bus.info(stream_id)
        assert isinstance(info, StreamInfo)
        await bus.register(info, "test", 0)
        for number in range(1, 651):
            await bus.append(stream_id, "test", (number - 1) * FRAME_SAMPLES, counter_frame(number), keep=True)
        await until(lambda: len(kept(site, stream_id)) >= 1)
        site.kill("transcriber")
        stored = len(kept(site, stream_id))
        for number in range(651, 1_001):
            await bus.append(stream_id, "test", (number - 1) * FRAME_SAMPLES, counter_frame(number), keep=True)
        await bus.pause(stream_id, "test")
        site.start_transcriber()
        began = time.monotonic()
        while not await bus.drained([stream_id]):
            assert time.monotonic() < began + 60
            await asyncio.sleep(0.1)
    pieces = kept(site, stream_id)
    assert stored < len(pieces)
    assert b"".join(pieces.values()) == frames(1, 1_000)
    assert list(pieces) == list(itertools.accumulate([0, *(len(p) // 2 for p in pieces.values())]))[:-1]
    with psycopg.connect(site.database_url) as connection:
        rows = connection.execute(
            "SELECT text FROM meetings_segment WHERE stream_id = %s ORDER BY sequence", [stream_id]
        ).fetchall()
    assert " ".join(text for (text,) in rows).split() == [str(number) for number in range(1, 1_001)]
