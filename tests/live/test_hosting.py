"""What hosts do in the room, over real sockets; and that nobody else can."""

import asyncio
import uuid
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.people import FRAME_SAMPLES, Person, Socket, numbered
from tests.stack import Stack
from transcription.bus import AudioBus, Frame


async def hello(room: Socket) -> dict[str, Any]:
    await room.say(type="hello")
    welcome = await room.expect("welcome")
    await room.expect("status")
    return welcome


def id_of(welcome: dict[str, Any], name: str) -> str:
    found: str = next(person["id"] for person in welcome["participants"] if person["name"] == name)
    return found


@pytest.mark.parametrize(
    "request_",
    [
        {"type": "participant.ask_mute"},
        {"type": "participant.lower_hand"},
        {"type": "participant.remove"},
        {"type": "participant.admit"},
        {"type": "participant.rename", "name": "Somebody"},
        {"type": "meeting.set", "locked": True},
        {"type": "meeting.set", "waiting_room": True},
        {"type": "meeting.set", "off_record": True},
    ],
    ids=lambda request: " ".join(request.values() if "name" in request else request),
)
async def test_only_a_host_does_this(host: Person, guest: Person, code: str, request_: dict[str, Any]) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        you = (await hello(room))["you"]
        await hello(other)
        named = {} if request_["type"] == "meeting.set" else {"participant_id": you}
        await other.say(**request_, **named)
        assert (await other.expect("error"))["code"] == "hosts_only"


async def test_everybody_renames_themselves_and_a_host_anybody(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        await hello(room)
        you = (await hello(other))["you"]
        await other.say(type="participant.rename", participant_id=you, name=" Grace Hopper ")
        renamed = await room.expect("participant.joined", where=lambda m: m["participant"]["name"] == "Grace Hopper")
        assert renamed["participant"]["present"] is True
        await room.say(type="participant.rename", participant_id=you, name="G. H.")
        await other.expect("participant.joined", where=lambda m: m["participant"]["name"] == "G. H.")
        await other.say(type="participant.rename", participant_id=you, name="\u202e")
        assert (await other.expect("error"))["code"] == "name_refused"
        await room.say(type="participant.rename", participant_id=str(uuid.uuid4()), name="Nobody")
        assert (await room.expect("error"))["code"] == "participant_unknown"


async def test_the_one_who_is_asked_to_mute_is_told_and_nobody_else(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        await hello(room)
        you = (await hello(other))["you"]
        await room.say(type="participant.ask_mute", participant_id=you)
        assert (await other.expect("mute.asked"))["name"].startswith("Host ")
        await room.say(type="ping", echo=0)
        await room.expect("pong")
        assert "mute.asked" not in [message["type"] for message in room.received]


async def test_a_host_lowers_a_hand(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        await hello(room)
        you = (await hello(other))["you"]
        await other.say(type="hand", raised=True)
        await room.expect("participant.hand")
        await room.say(type="participant.lower_hand", participant_id=you)
        assert await other.expect("participant.hand", where=lambda m: m["hand_ms"] is None)


async def test_who_is_removed_is_closed_out_and_stays_out(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room, guest.room(code) as other, guest.audio(code) as audio:
        await hello(room)
        you = (await hello(other))["you"]
        await audio.say(type="audio.start")
        await audio.expect("audio.ready")
        await room.say(type="participant.remove", participant_id=you)
        assert await other.closed() == await audio.closed() == 4403
        assert other.received[-1]["code"] == "removed"
        await room.expect("participant.left", where=lambda m: m["participant_id"] == you)
    for path in ("", "audio/"):
        async with guest.socket(f"/ws/meetings/{code}/{path}") as again:
            assert await again.closed() == 4403


async def test_a_host_cannot_be_removed(host: Person, code: str) -> None:
    async with host.room(code) as room:
        you = (await hello(room))["you"]
        await room.say(type="participant.remove", participant_id=you)
        assert (await room.expect("error"))["code"] == "is_host"


async def test_a_newcomer_waits_and_the_host_admits(host: Person, guest: Person, site: Stack, code: str) -> None:
    newcomer = Person(site.base_url)
    async with host.room(code) as room, guest.room(code) as other:
        await hello(room)
        await hello(other)
        await room.say(type="meeting.set", waiting_room=True)
        assert (await other.expect("meeting.changed"))["waiting_room"] is True
        await asyncio.to_thread(newcomer.join, code, "Nell")
        waiting = await room.expect("waiting.changed", where=lambda m: bool(m["people"]))
        assert [person["name"] for person in waiting["people"]] == ["Nell"]
        async with newcomer.room(code) as early:
            assert await early.closed() == 4423
        await room.say(type="participant.admit", participant_id=waiting["people"][0]["id"])
        assert (await room.expect("waiting.changed"))["people"] == []
        async with newcomer.room(code) as admitted:
            await hello(admitted)
        assert "waiting.changed" not in [message["type"] for message in other.received]


async def test_a_locked_meeting_is_told_to_those_who_come_later(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room:
        await hello(room)
        await room.say(type="meeting.set", locked=True)
        assert (await room.expect("meeting.changed"))["locked"] is True
    async with guest.room(code) as other:
        await other.say(type="hello")
        assert (await other.expect("meeting.changed"))["locked"] is True


async def test_off_the_record_everybody_sees_it_and_audio_becomes_silence(
    site: Stack, host: Person, guest: Person, code: str
) -> None:
    async with host.room(code) as room, guest.room(code) as other, guest.audio(code) as audio:
        await hello(room)
        await hello(other)
        await audio.say(type="audio.start")
        stream_id = (await audio.expect("audio.ready"))["stream_id"]
        said = await speak(audio, 0)
        await room.say(type="meeting.set", off_record=True)
        began = await other.expect("off_record.changed")
        assert began["end_ms"] is None
        hidden = await speak(audio, said)
        await room.say(type="meeting.set", off_record=True)
        assert (await room.expect("off_record.changed", where=lambda m: m["id"] == began["id"]))["end_ms"] is None
        await room.say(type="meeting.set", off_record=False)
        ended = await other.expect("off_record.changed", where=lambda m: m["end_ms"] is not None)
        assert ended["end_ms"] > began["start_ms"]
        heard = await speak(audio, hidden)
        await audio.say(type="audio.stop")
        assert (await audio.expect("audio.summary"))["gap_samples"] == 0
    frames = await kept(site, stream_id)
    silent = [index for index, pcm in enumerate(frames) if not any(pcm)]
    assert len(frames) == heard // FRAME_SAMPLES
    assert silent == list(range(silent[0], silent[-1] + 1))
    assert abs(len(silent) - (hidden - said) // FRAME_SAMPLES) <= 2  # frames on their way as the switch was pressed
    assert all(pcm == numbered(n * FRAME_SAMPLES) for n, pcm in enumerate(frames) if n not in silent)
    async with guest.room(code) as late:
        await late.say(type="hello")
        assert (await late.expect("off_record.changed"))["id"] == began["id"]


async def speak(audio: Socket, first_sample: int, frames: int = 10) -> int:
    """Say something as fast as people do; returns the next sample."""
    for _ in range(frames):
        await audio.send_frame(first_sample, numbered(first_sample))
        first_sample += FRAME_SAMPLES
        await asyncio.sleep(0.1)
    return first_sample


async def kept(site: Stack, stream_id: str) -> list[bytes]:
    """The audio that the bus has of a stream."""
    async with Redis.from_url(site.redis_url) as redis:
        read = await AudioBus(redis).read({stream_id: b"0"}, 100, 100)
    return [entry.pcm for entry in read.get(stream_id, []) if isinstance(entry, Frame)]


async def test_signals_go_to_one_page_of_the_same_meeting_and_nowhere_else(
    site: Stack, host: Person, guest: Person, code: str
) -> None:
    elsewhere = host.start_meeting("Another meeting")
    async with host.room(code) as room, guest.room(code) as other, host.room(elsewhere) as foreign:
        await hello(room)
        me, you = (await hello(other))["you"], id_of(await hello(room), "Grace")
        outside = (await hello(foreign))["you"]
        assert me == you
        await other.say(type="signal", to=outside, kind="offer", body="v=0")
        await room.say(type="signal", to=you, kind="offer", negotiation="n", body="v=0")
        heard = await other.expect("signalled")
        assert (heard["kind"], heard["negotiation"], heard["body"]) == ("offer", "n", "v=0")
        for socket in (room, foreign):
            await socket.say(type="ping", echo=0)
            await socket.expect("pong")
            assert "signalled" not in [message["type"] for message in socket.received]
