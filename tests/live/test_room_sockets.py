"""The two sockets of a room against real Daphne, Postgres and Valkey, without a transcriber."""

import asyncio
import uuid
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.people import FRAME_SAMPLES, Person, numbered
from tests.stack import Stack


async def test_hello_is_answered_with_who_is_there(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        await other.say(type="hello", last_sequence=0)
        welcome = await other.expect("welcome")
        assert welcome["meeting"]["title"] == "Weekly"
        assert welcome["meeting"]["status"] == "live"
        assert {(p["name"], p["role"], p["present"]) for p in welcome["participants"]} >= {("Grace", "guest", True)}
        status = await other.expect("status")
        assert status["transcriber"] == "absent"
        await room.say(type="hello", last_sequence=0)
        await room.expect("welcome")


async def test_everybody_sees_coming_muting_and_leaving(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room:
        await room.say(type="hello")
        await room.expect("status")
        async with guest.room(code) as other:
            came = await room.expect("participant.joined", where=lambda m: m["participant"]["name"] == "Grace")
            joined = came["participant"]
            assert joined["muted"] is True
            assert joined["hearing"] is False
            await other.say(type="state", muted=False, hearing=True)
            state = await room.expect("participant.state")
            assert (state["muted"], state["hearing"]) == (False, True)
        assert (await room.expect("participant.left"))["participant_id"] == joined["id"]


async def test_frames_are_acknowledged_and_counted(guest: Person, code: str) -> None:
    async with guest.room(code) as room, guest.audio(code) as audio:
        await room.say(type="hello")
        await audio.say(type="audio.start", sample_rate=16_000)
        ready = await audio.expect("audio.ready")
        assert ready["next_sample"] == 0
        for number in range(3):
            await audio.send_frame(number * FRAME_SAMPLES, numbered(number * FRAME_SAMPLES))
        assert (await audio.expect("audio.ack"))["next_sample"] == 3 * FRAME_SAMPLES
        await audio.send_frame(0, numbered(0))
        await audio.say(type="audio.stop")
        summary = await audio.expect("audio.summary")
        assert (summary["frames"], summary["duplicate_frames"], summary["gap_samples"]) == (4, 1, 0)


async def test_a_reconnected_stream_goes_on_at_the_next_sample(guest: Person, code: str) -> None:
    async with guest.audio(code) as audio:
        await audio.say(type="audio.start")
        stream_id = (await audio.expect("audio.ready"))["stream_id"]
        await audio.send_frame(0, numbered(0))
        await audio.send_frame(0, numbered(0))
        await audio.expect("audio.ack")
    async with guest.audio(code) as audio:
        await audio.say(type="audio.start", stream_id=stream_id)
        assert (await audio.expect("audio.ready"))["next_sample"] == FRAME_SAMPLES


async def test_the_newest_tab_wins_and_the_old_one_is_told(guest: Person, code: str) -> None:
    async with guest.room(code) as old:
        await old.say(type="hello")
        await old.expect("status")
        async with guest.room(code) as new:
            await new.say(type="hello")
            await new.expect("status")
            assert await old.closed() == 4409
            assert old.received[-1]["code"] == "superseded"
            await new.say(type="ping", echo=0)
            await new.expect("pong")


async def test_strangers_and_unknown_codes_are_turned_away(site: Stack, code: str) -> None:
    stranger = Person(site.base_url)
    for path in (f"/ws/meetings/{code}/", f"/ws/meetings/{code}/audio/", "/ws/meetings/nowhere/"):
        async with stranger.socket(path) as socket:
            assert await socket.closed() == 4404
            assert socket.received[0]["code"] == "not_found"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", None])
async def test_foreign_origins_are_refused_with_403(guest: Person, code: str, origin: str | None) -> None:
    url = f"{guest.base_url.replace('http', 'ws', 1)}/ws/meetings/{code}/"
    cookies = "; ".join(f"{name}={value}" for name, value in guest.pages.cookies.items())
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, origin=Origin(origin) if origin else None, additional_headers={"Cookie": cookies}):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["", "audio/"])
@pytest.mark.parametrize(
    "text", ["", "nonsense", "{}", "[" * 5_000, '{"type":"dance"}', '{"type":"ping","echo":-1}', "1"]
)
async def test_bad_texts_get_an_error_and_the_socket_stays(guest: Person, code: str, path: str, text: str) -> None:
    async with guest.socket(f"/ws/meetings/{code}/{path}") as socket:
        await socket.wire.send(text)
        assert (await socket.expect("error"))["code"] in {"not_json", "message_invalid"}
        await socket.say(type="ping", echo=0)
        await socket.expect("pong")


@pytest.mark.parametrize(
    ("frame", "code_expected"),
    [
        (b"", "frame_too_short"),
        (b"\x01" + b"\0" * 15, "frame_too_short"),
        (b"\x01" + b"\0" * 16, "frame_odd_length"),
        (b"\x02" + b"\0" * 17, "frame_version"),
        (b"\x01" + b"\0" * 7 + b"\xff" * 8 + b"\0\0", "frame_out_of_range"),
        (b"\x01" + b"\0" * 7 + (10**9).to_bytes(8, "little") + b"\0\0", "frame_out_of_range"),
    ],
)
async def test_bad_frames_get_an_error_and_the_socket_stays(
    guest: Person, code: str, frame: bytes, code_expected: str
) -> None:
    async with guest.audio(code) as audio:
        await audio.say(type="audio.start")
        await audio.expect("audio.ready")
        await audio.wire.send(frame)
        assert (await audio.expect("error"))["code"] == code_expected
        await audio.send_frame(0, numbered(0))
        await audio.say(type="audio.stop")
        assert (await audio.expect("audio.summary"))["frames"] == 1


async def test_repeated_nonsense_closes_with_a_documented_code(guest: Person, code: str) -> None:
    async with guest.room(code) as room:
        for _ in range(10):
            await room.wire.send("nonsense")
        assert await room.closed() == 4400


@pytest.mark.parametrize("size", [64 * 1024 + 2, 900_000])
async def test_an_oversize_frame_closes_with_a_documented_code(guest: Person, code: str, size: int) -> None:
    async with guest.audio(code) as audio:
        await audio.say(type="audio.start")
        await audio.expect("audio.ready")
        await audio.wire.send(b"\x01" + b"\0" * size)
        assert await audio.closed() == 4413
        assert audio.received[-1]["code"] == "frame_too_large"


async def test_frames_before_a_start_and_wrong_starts_are_refused(guest: Person, host: Person, code: str) -> None:
    async with host.audio(code) as audio:
        await audio.say(type="audio.start")
        foreign = (await audio.expect("audio.ready"))["stream_id"]
    async with guest.audio(code) as audio:
        await audio.send_frame(0, numbered(0))
        assert (await audio.expect("error"))["code"] == "no_stream"
        await audio.say(type="audio.start", sample_rate=12_345)
        assert (await audio.expect("error"))["code"] == "sample_rate"
        await audio.say(type="audio.start", encoding="mp3")
        assert (await audio.expect("error"))["code"] == "message_invalid"
        for stream_id in (foreign, "not-a-uuid"):
            await audio.say(type="audio.start", stream_id=stream_id)
            assert (await audio.expect("error"))["code"] == "stream_refused"


async def test_an_ended_meeting_refuses_audio_and_tells_everybody(host: Person, guest: Person, code: str) -> None:
    async with guest.room(code) as room, guest.audio(code) as audio:
        await room.say(type="hello")
        await room.expect("status")
        await audio.say(type="audio.start")
        await audio.expect("audio.ready")
        await asyncio.to_thread(host.end, code)
        assert (await room.expect("meeting.ended"))["complete"] is False
        assert await audio.closed() == 4410
        assert [message["type"] for message in audio.received[-2:]] == ["audio.summary", "error"]
    async with guest.audio(code) as audio:
        assert await audio.closed() == 4410
        assert audio.received[-1]["code"] == "meeting_ended"


def mark(**values: object) -> dict[str, object]:
    return {"type": "mark", "id": str(uuid.uuid4()), "kind": "decision", "text": "We ship on Thursday.", **values}


LOSE_THE_END = """
from meetings import fanout
from meetings.models import Meeting
from meetings.services import rooms
class Deaf:
    async def group_send(self, *_): pass
fanout.get_channel_layer = Deaf
rooms.end_meeting(Meeting.objects.get(code=%r))
"""


async def test_a_page_that_missed_the_end_learns_of_it_with_its_next_ping(
    site: Stack, guest: Person, code: str
) -> None:
    async with guest.room(code) as room, guest.audio(code) as audio:
        await room.say(type="hello")
        await room.expect("status")
        await asyncio.to_thread(site.manage, "shell", "-c", LOSE_THE_END % code)
        await room.say(type="ping", echo=0)
        assert (await room.expect("meeting.ended"))["complete"] is False
        await audio.say(type="audio.start")
        assert await audio.closed() == 4410


async def test_a_page_that_says_more_than_can_be_answered_is_closed(guest: Person, host: Person, code: str) -> None:
    async with guest.room(code) as flood, host.room(code) as other:
        with suppress(ConnectionClosed):
            for _ in range(3_000):
                await flood.say(type="ping", echo=0)
        assert await flood.closed() == 4429
        assert flood.received[-1]["code"] == "too_fast"
        await other.say(type="hello")
        await other.expect("status")


async def test_a_microphone_that_starts_again_and_again_is_refused(guest: Person, code: str) -> None:
    async with guest.audio(code) as audio:
        for _ in range(70):
            await audio.say(type="audio.start")
        assert (await audio.expect("error"))["code"] == "too_many_starts"


async def test_a_mark_reaches_everybody_and_those_who_come_later(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        await room.say(type="hello")
        await room.expect("status")
        await other.say(type="hello")
        await other.expect("status")
        await other.say(**mark())
        seen = await room.expect("mark.changed")
        assert (seen["kind"], seen["text"], seen["name"]) == ("decision", "We ship on Thursday.", "Grace")
        await room.say(type="mark.edit", id=seen["id"], revision=0, kind="note", text="Or on Friday.")
        assert (await other.expect("mark.changed", where=lambda m: m["revision"] == 1))["text"] == "Or on Friday."
    async with host.room(code) as late:
        await late.say(type="hello")
        await late.expect("welcome")
        assert (await late.expect("mark.changed"))["text"] == "Or on Friday."
    async with host.room(code) as back:
        await back.say(type="hello", last_change=2)
        await back.expect("status")
        assert "mark.changed" not in [message["type"] for message in back.received]


async def test_a_refused_mark_is_explained_and_the_socket_stays(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        await room.say(type="hello")
        await room.say(**mark())
        by_host = await room.expect("mark.changed")
        await other.say(type="mark.edit", id=by_host["id"], revision=0, kind="note", text="Mine now.")
        refused = await other.expect("error")
        assert (refused["code"], refused["about"]) == ("not_yours", by_host["id"])
        await other.say(**mark(text=" "))
        assert (await other.expect("error"))["code"] == "mark_empty"
        await other.say(type="ping", echo=0)
        await other.expect("pong")


async def test_raised_hands_keep_their_order_and_go_down_on_leaving(host: Person, guest: Person, code: str) -> None:
    async with host.room(code) as room:
        await room.say(type="hello")
        await room.expect("status")
        async with guest.room(code) as other:
            await other.say(type="hello")
            await other.say(type="hand", raised=True)
            raised = await room.expect("participant.hand")
            await other.say(type="hand", raised=True)
            assert (await room.expect("participant.hand"))["hand_ms"] == raised["hand_ms"]
            await room.say(type="hello")
            people = {p["name"]: p["hand_ms"] for p in (await room.expect("welcome"))["participants"]}
            assert people["Grace"] == raised["hand_ms"]
            await room.expect("status")  # the end of the welcome
        await room.expect("participant.left")
        await room.say(type="hello")
        assert {p["hand_ms"] for p in (await room.expect("welcome"))["participants"]} == {None}


async def test_a_correction_reaches_everybody_and_those_who_come_back(
    site: Stack, host: Person, guest: Person, code: str
) -> None:
    async with host.room(code) as room, guest.room(code) as other:
        await room.say(type="hello")
        await room.expect("status")
        await other.say(type="hello")
        you = (await other.expect("welcome"))["you"]
        line = await asyncio.to_thread(site.spoken, you, "The bugdet is fine.")
        await other.say(type="segment.edit", sequence=line, revision=0, text="The budget is fine.")
        seen = await room.expect("segment.updated")
        assert (seen["sequence"], seen["text"], seen["revision"], seen["edit"]) == (line, "The budget is fine.", 1, 1)
        await room.say(type="segment.edit", sequence=line, revision=0, text="Mine.")
        refused = await room.expect("error")
        assert (refused["code"], refused["about"]) == ("line_changed_meanwhile", str(line))
    async with host.room(code) as back:
        await back.say(type="hello", last_sequence=line)
        await back.expect("welcome")
        assert (await back.expect("segment.updated"))["text"] == "The budget is fine."
    async with host.room(code) as back:
        await back.say(type="hello", last_sequence=line, last_edit=1)
        await back.expect("status")
        assert "segment.updated" not in [message["type"] for message in back.received]
