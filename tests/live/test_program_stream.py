"""`/v1/stt/stream` against real Daphne, Postgres, Valkey and a transcriber whose words are numbers."""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.people import Person, Socket
from tests.stack import NewStack, Stack
from transcription.engines.scripted import counter_frame


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted", PROGRAM_STREAMS="4")
    stack.start_web()
    stack.start_transcriber()
    stack.wait_ready()
    return stack


@pytest.fixture
def ada(site: Stack) -> Person:
    person = Person(site.base_url)
    person.sign_up(f"Ada {secrets.token_hex(4)}")
    return person


def token(person: Person, *scopes: str) -> str:
    page = person.submit("/accounts/tokens/", name="Bot", scopes=list(scopes or ["stream", "meetings:read"]), days="30")
    found = re.search(r"mtx_[\w-]{40,}", page.text)
    assert found, page.text
    return found[0]


@asynccontextmanager
async def program(site: Stack, text: str, **query: str) -> AsyncIterator[Socket]:
    url = str(httpx.URL(f"{site.socket_url}/v1/stt/stream", params=query))
    async with connect(url, additional_headers={"Authorization": f"Bearer {text}"}, max_size=None) as wire:
        yield Socket(wire)


async def speak(socket: Socket, first: int, count: int) -> None:
    """Say the numbers from `first` on, as binary messages; then silence that ends the utterance."""
    for number in range(first, first + count):
        await socket.wire.send(counter_frame(number))
    for _ in range(12):
        await socket.wire.send(counter_frame(0))


def words(first: int, count: int) -> str:
    return " ".join(str(number) for number in range(first, first + count))


async def test_audio_becomes_partials_and_finals_and_a_summary(site: Stack, ada: Person) -> None:
    async with program(site, token(ada), words="1") as socket:
        ready = await socket.expect("ready")
        assert (ready["sample_rate"], ready["next_sample"]) == (16_000, 0)
        for number in range(1, 21):
            chunk = base64.b64encode(counter_frame(number)).decode()
            await socket.say(type="audio", session_id=ready["session_id"], chunk=chunk)
            await asyncio.sleep(0.05)
        partial = await socket.expect("partial")
        assert partial["text"].startswith(partial["new_text"][:1])
        assert 0 < partial["confidence"] <= 1
        await socket.say(type="finalize")
        final = await socket.expect("final")
        assert (final["text"], final["session_id"]) == (words(1, 20), ready["session_id"])
        assert [word["text"] for word in final["words"]] == words(1, 20).split()
        assert final["timestamp"] <= final["end_ms"]
        await socket.say(type="close")
        summary = await socket.expect("summary")
        assert (summary["next_sample"], summary["finals"], summary["complete"]) == (20 * 1_600, 1, True)
        assert await socket.closed() == 1000


async def test_a_broken_connection_goes_on_where_the_server_is(site: Stack, ada: Person) -> None:
    text = token(ada)
    async with program(site, text) as socket:
        session = (await socket.expect("ready"))["session_id"]
        await speak(socket, 1, 10)
        await socket.expect("final")
    async with program(site, text, session_id=session) as socket:
        ready = await socket.expect("ready")
        assert (ready["session_id"], ready["next_sample"]) == (session, 22 * 1_600)
        await speak(socket, 11, 10)
        assert (await socket.expect("final"))["text"] == words(11, 10)
        await socket.say(type="close")
        await socket.expect("summary")
    path = f"{site.base_url}/api/v1/meetings/{ready['meeting_id']}/segments"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {text}"}) as client:
        said = (await client.get(path)).json()
    assert [item["text"] for item in said["items"]] == [words(1, 10), words(11, 10)]
    async with program(site, text, session_id=session) as socket:
        assert await socket.closed() == 4410


async def test_a_program_takes_part_in_a_meeting(site: Stack, ada: Person) -> None:
    code = await asyncio.to_thread(ada.start_meeting, "Weekly")
    async with ada.room(code) as room, program(site, token(ada), meeting=code) as socket:
        await room.say(type="hello")
        await socket.expect("ready")
        await speak(socket, 1, 10)
        assert (await room.expect("caption.final"))["text"] == words(1, 10)
        await socket.say(type="close")
        await socket.expect("summary")
        await room.say(type="ping", echo=0)
        await room.expect("pong")  # the meeting goes on


async def test_off_the_record_nothing_of_a_program_is_kept(site: Stack, ada: Person) -> None:
    code = await asyncio.to_thread(ada.start_meeting, "Weekly")
    async with ada.room(code) as room, program(site, token(ada), meeting=code) as socket:
        await room.say(type="hello")
        await room.expect("welcome")
        await socket.expect("ready")
        await room.say(type="meeting.set", off_record=True)
        await room.expect("off_record.changed")
        await asyncio.sleep(0.3)
        await speak(socket, 1, 10)
        await asyncio.sleep(1.0)  # all of it has arrived: a program's audio is judged by its arrival
        await room.say(type="meeting.set", off_record=False)
        await room.expect("off_record.changed", where=lambda message: message["end_ms"] is not None)
        await asyncio.sleep(0.3)
        await speak(socket, 11, 10)
        await socket.say(type="close")
        await socket.expect("summary")
    finals = [message["text"] for message in socket.received if message["type"] == "final"]
    assert finals == [words(11, 10)]


async def test_the_end_of_the_meeting_ends_the_session(site: Stack, ada: Person) -> None:
    code = await asyncio.to_thread(ada.start_meeting, "Weekly")
    async with program(site, token(ada), meeting=code) as socket:
        await socket.expect("ready")
        await speak(socket, 1, 10)
        await socket.expect("final")
        for number in range(11, 16):
            await socket.wire.send(counter_frame(number))
        await socket.expect("ack", where=lambda message: message["next_sample"] >= 25 * 1_600)
        await asyncio.to_thread(ada.end, code)
        assert await socket.closed() == 4410
        last = [message for message in socket.received if message["type"] in {"final", "summary", "error"}]
        assert [message["type"] for message in last[-3:]] == ["final", "summary", "error"]
        assert last[-3]["text"] == words(11, 5)
        assert (last[-2]["finals"], last[-2]["complete"], last[-1]["code"]) == (2, True, "meeting_ended")
    async with program(site, token(ada), meeting=code) as socket:
        assert await socket.closed() == 4410


async def test_the_newest_connection_of_a_session_wins(site: Stack, ada: Person) -> None:
    text = token(ada)
    async with program(site, text) as old:
        session = (await old.expect("ready"))["session_id"]
        async with program(site, text, session_id=session) as new:
            await new.expect("ready")
            await old.wire.send(counter_frame(1))
            assert await old.closed() == 4409


async def test_nobody_else_resumes_a_session_or_streams_without_the_scope(site: Stack, ada: Person) -> None:
    async with program(site, token(ada)) as socket:
        session = (await socket.expect("ready"))["session_id"]
    eve = Person(site.base_url)
    await asyncio.to_thread(eve.sign_up, f"Eve {secrets.token_hex(4)}")
    for text, query, code in (
        (token(eve), {"session_id": session}, 4404),
        (token(eve), {"session_id": "nonsense"}, 4404),
        (token(eve), {"meeting": "nowhere"}, 4404),
        (token(eve), {"meeting": "no\0where"}, 4404),
        (token(eve), {"language": "klingon"}, 4400),
        (token(eve, "meetings:read"), {}, 4405),
        ("mtx_wrong", {}, 4401),
        ("", {}, 4401),
    ):
        async with program(site, text, **query) as socket:
            assert await socket.closed() == code
            assert socket.received[0]["type"] == "error"


BAD: list[tuple[Any, str]] = [
    (b"\x00", "chunk_invalid"),
    (b"", "chunk_invalid"),
    (bytes(65_538), "chunk_too_large"),
    ("{", "not_json"),
    ('{"type": "dance"}', "message_invalid"),
    ('{"type": "audio"}', "message_invalid"),
    ('{"type": "audio", "chunk": "%%%"}', "chunk_invalid"),
    ('{"type": "audio", "chunk": "é"}', "chunk_invalid"),
    (json.dumps({"type": "audio", "chunk": "AAA=", "session_id": "another"}), "other_session"),
    ("x" * 140_000, "message_too_large"),
]


@pytest.mark.parametrize(("message", "code"), BAD)
async def test_a_bad_message_is_refused_and_the_session_goes_on(
    site: Stack, ada: Person, message: Any, code: str
) -> None:
    async with program(site, token(ada)) as socket:
        await socket.expect("ready")
        await socket.wire.send(message)
        assert (await socket.expect("error"))["code"] == code
        await speak(socket, 1, 5)
        assert (await socket.expect("final"))["text"] == words(1, 5)


async def test_too_many_bad_messages_and_too_much_audio_close_it(site: Stack, ada: Person) -> None:
    text = token(ada)
    async with program(site, text) as socket:
        await socket.expect("ready")
        for _ in range(10):
            await socket.wire.send("{")
        assert await socket.closed() == 4400
    async with program(site, text) as socket:
        await socket.expect("ready")
        for _ in range(120):
            await socket.wire.send(bytes(32_000))
        assert await socket.closed() == 4429


async def test_a_revoked_token_ends_the_connection(site: Stack, ada: Person) -> None:
    async with program(site, token(ada)) as socket:
        await socket.expect("ready")
        page = await asyncio.to_thread(ada.pages.get, "/accounts/tokens/")
        path = re.search(r'action="(/accounts/tokens/\d+/revoke/)"', page.text)
        assert path
        data = {"csrfmiddlewaretoken": ada.pages.cookies["csrftoken"]}
        await asyncio.to_thread(lambda: ada.pages.post(path[1], data=data, headers={"Referer": ada.base_url}))
        assert await socket.closed() == 4401


async def test_audio_that_says_it_is_late_is_judged_by_when_it_was_spoken(site: Stack, ada: Person) -> None:
    """Said off the record, sent after it: silence."""
    code = await asyncio.to_thread(ada.start_meeting, "Weekly")
    async with ada.room(code) as room, program(site, token(ada), meeting=code) as socket:
        await room.say(type="hello")
        await room.expect("welcome")
        await socket.expect("ready")
        await room.say(type="meeting.set", off_record=True)
        await room.expect("off_record.changed")
        await asyncio.sleep(2.0)
        await room.say(type="meeting.set", off_record=False)
        await room.expect("off_record.changed", where=lambda message: message["end_ms"] is not None)
        await asyncio.sleep(1.0)
        for number in range(1, 11):
            chunk = base64.b64encode(counter_frame(number)).decode()
            await socket.say(type="audio", chunk=chunk, age_ms=2_000)
        await speak(socket, 11, 10)
        await socket.say(type="close")
        await socket.expect("summary")
    finals = [message["text"] for message in socket.received if message["type"] == "final"]
    assert finals == [words(11, 10)]


async def test_who_comes_back_gets_the_finals_it_missed(site: Stack, ada: Person) -> None:
    text = token(ada)
    async with program(site, text) as socket:
        session = (await socket.expect("ready"))["session_id"]
        await speak(socket, 1, 5)
        first = await socket.expect("final")
        await speak(socket, 6, 5)
        await socket.wire.send(counter_frame(0))
        await socket.expect("ack", where=lambda message: message["next_sample"] >= 33 * 1_600)
    await asyncio.sleep(2.0)  # the second final is stored while nobody listens
    async with program(site, text, session_id=session, after=str(first["segment_id"])) as socket:
        assert (await socket.expect("final"))["text"] == words(6, 5)
        await socket.say(type="close")
        await socket.expect("summary")


async def test_a_token_has_so_many_streams_at_once(site: Stack, ada: Person) -> None:
    mine, other = token(ada), token(ada)
    async with AsyncExitStack() as open_ones:
        streams = [await open_ones.enter_async_context(program(site, mine)) for _ in range(4)]
        ready = [await socket.expect("ready") for socket in streams]
        async with program(site, mine) as fifth:
            assert (await fifth.expect("error"))["code"] == "too_many_streams"
            assert await fifth.closed() == 4429
        async with program(site, other) as elsewhere:
            await elsewhere.expect("ready")
        async with program(site, mine, session_id=ready[0]["session_id"]) as again:  # it has a place
            await again.expect("ready")
        await streams[1].say(type="close")
        await streams[1].expect("summary")
        await streams[1].closed()
    async with program(site, mine) as later:
        await later.expect("ready")
