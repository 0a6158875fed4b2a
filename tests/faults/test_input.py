"""Rows 30, 31, 36–39: what people and programs may send, and what they may not see."""

import json
import random
import secrets
import struct
import time
from dataclasses import replace

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from meetings.protocol.frames import FRAME_HEADER
from meetings.protocol.refusals import CloseCode
from tests.faults.figures import Figures, Tally, soon
from tests.faults.pages import Microphone, Room
from tests.faults.site import Gathering, Site, aside, until
from tests.faults.sockets import Ticket
from tests.faults.wire import answer, header, raw
from tests.people import Person

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(120)]
CLEAN = Tally(0, 0, 0)


BAD_FRAMES = {
    "nothing": b"",
    "one byte": b"\x01",
    "a header alone": header(),
    "odd length": header() + b"\x00\x01\x02",
    "unknown version": header(version=9) + bytes(3200),
    "unknown flag": header(flags=4) + bytes(3200),
    "sample 2**63": header(2**63) + bytes(3200),
    "the largest sample": header(2**64 - 1) + bytes(3200),
    "a sample in the future": header(10**9) + bytes(3200),
    "a negative sample": struct.pack("<BBHIq", 1, 0, 0, 0, -1) + bytes(3200),
    "a NaN float as header": struct.pack("<d", float("nan")) * 4,
}
BAD_TEXTS = {
    "not JSON": "hello",
    "nothing": "",
    "an empty object": "{}",
    "a list": "[]",
    "null": "null",
    "deep JSON": "[" * 5_000 + "]" * 5_000,
    "an unknown type": '{"type": "segment.destroy"}',
    "a type that is no text": '{"type": 7}',
    "an unknown field": '{"type": "ping", "echo": 1, "admin": true}',
    "a wrong field": '{"type": "hello", "last_sequence": "all"}',
    "a huge number": '{"type": "hello", "last_sequence": 1e400}',
    "a future sequence": '{"type": "hello", "last_sequence": 2147483647}',
    "a lone surrogate": '{"type": "\\ud800"}',
    "a NUL": '{"type": "ping\\u0000"}',
    "20 kB": json.dumps({"type": "ping" + "g" * 20_000}),
}
BAD_STARTS: dict[str, dict[str, object]] = {
    "a wrong rate": {"sample_rate": 12_345},
    "a negative rate": {"sample_rate": -16_000},
    "an unknown encoding": {"encoding": "mp3"},
    "another's stream": {"stream_id": "00000000-0000-4000-8000-000000000000"},
    "a stream that is no id": {"stream_id": "'; DROP TABLE"},
    "a language of markup": {"language": "<b>"},
}


@pytest.mark.quick
async def test_bad_frames_are_refused_with_a_reason(gathering: Gathering, figures: Figures) -> None:
    ticket = gathering.tickets[1]
    closes: list[object] = []
    for name, frame in BAD_FRAMES.items():
        async with raw(ticket, "audio") as wire:
            await wire.send(json.dumps({"type": "audio.start", "language": "en"}))
            assert (await answer(wire, "audio.ready"))["type"] == "audio.ready", name
            await wire.send(frame)
            if frame:
                assert "code" in await answer(wire), name
            await wire.send(json.dumps({"type": "ping"}))
            closes.append((await answer(wire, "pong")).get("close"))
    async with raw(ticket, "audio") as wire:
        await wire.send(json.dumps({"type": "audio.start", "language": "en"}))
        for _ in range(20):
            await wire.send(BAD_FRAMES["odd length"])
        await until(lambda: wire.close_code is not None)
        assert wire.close_code == CloseCode.BAD_MESSAGES
    figures.add(30, "bad frames", CLEAN, None, f"1011 = {closes.count(1011)}", "error")
    assert not any(closes)


@pytest.mark.parametrize("size", [64 * 1024 + 2, 2 * 1024 * 1024])
async def test_a_frame_that_is_too_large_closes_the_socket(gathering: Gathering, figures: Figures, size: int) -> None:
    async with raw(gathering.tickets[1], "audio") as wire:
        await wire.send(json.dumps({"type": "audio.start", "language": "en"}))
        await answer(wire, "audio.ready")
        await wire.send(header() + bytes(size - FRAME_HEADER.size))
        await until(lambda: wire.close_code is not None)
        code = wire.close_code
    figures.add(30, f"a frame of {size:,} bytes", CLEAN, None, "4413; 1009 beyond 1 MiB", f"close {code}")
    assert code == (CloseCode.TOO_LARGE if size < 2**20 else 1009)


@pytest.mark.parametrize("kind", ["room", "audio"])
async def test_bad_texts_are_refused_with_a_reason(gathering: Gathering, figures: Figures, kind: str) -> None:
    ticket = gathering.tickets[1]
    cases = dict(BAD_TEXTS)
    if kind == "audio":
        cases |= {name: json.dumps({"type": "audio.start", **start}) for name, start in BAD_STARTS.items()}
    closes: list[object] = []
    for name, text in cases.items():
        async with raw(ticket, kind) as wire:
            await wire.send(text)
            if text:
                assert "code" in await answer(wire), name
            await wire.send(json.dumps({"type": "ping"}))
            closes.append((await answer(wire, "pong")).get("close"))
    figures.add(31, f"bad texts, {kind} socket", CLEAN, None, f"1011 = {closes.count(1011)}", "error")
    assert not any(closes)


async def test_text_that_is_not_utf8_is_refused(gathering: Gathering, figures: Figures) -> None:
    async with raw(gathering.tickets[1], "room") as wire:
        wire.protocol.send_text(b"\xff\xfe{")
        wire.send_data()
        await until(lambda: wire.close_code is not None)
        code = wire.close_code
    figures.add(31, "text that is not UTF-8", CLEAN, None, "1007 from the WebSocket layer", f"close {code}")
    assert code == 1007


async def test_somebody_elses_meeting_and_stream_do_not_exist(gathering: Gathering, figures: Figures) -> None:
    stranger = gathering.site.meeting(1)[0]
    await until(lambda: gathering.microphone.stream_id)
    leaks = 0
    for kind in ("room", "audio"):
        async with raw(replace(stranger, code=gathering.tickets[0].code), kind) as wire:
            leaks += (await answer(wire, "welcome")).get("close") != CloseCode.NOT_FOUND
    async with raw(stranger, "audio") as wire:
        await wire.send(json.dumps({"type": "audio.start", "stream_id": gathering.microphone.stream_id}))
        leaks += (await answer(wire)).get("code") != "stream_refused"
    figures.add(37, "another's meeting and stream by socket", CLEAN, None, f"leaks {leaks}", "4404")
    assert leaks == 0


ORIGINS = {
    "foreign": "https://evil.example",
    "another port": "http://127.0.0.1:1",
    "another scheme": "https://127.0.0.1",
    "null": "null",
    "absent": None,
}


@pytest.mark.quick
@pytest.mark.parametrize("kind", ["room", "audio"])
async def test_pages_of_other_origins_get_no_socket(site: Site, figures: Figures, kind: str) -> None:
    ticket = site.meeting(1)[0]
    accepted, statuses = 0, set()
    for origin in ORIGINS.values():
        try:
            async with raw(ticket, kind, origin):
                accepted += 1
        except InvalidStatus as refusal:
            statuses.add(refusal.response.status_code)
    figures.add(38, f"other origins, {kind} socket", CLEAN, None, f"accepted {accepted}", "403")
    assert accepted == 0
    assert statuses == {403}


class Account:
    """A signed-in host in a room of their own, with both sockets open."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self.person = Person(site.base_url)
        self.person.sign_up(f"Host {secrets.token_hex(4)}")
        code = self.person.start_meeting("Sign-ins")
        self.ticket = Ticket(site.base_url, code, self.person.pages.cookies["sessionid"], "")
        self.room, self.microphone = Room(self.ticket, chance), Microphone(self.ticket, chance)

    def sign_out(self) -> None:
        pages = self.person.pages
        token = pages.cookies["csrftoken"]
        referer = {"Referer": self.ticket.base_url}
        answer = pages.post("/accounts/logout/", data={"csrfmiddlewaretoken": token}, headers=referer)
        assert answer.status_code == httpx.codes.OK, answer.text

    async def enter(self) -> None:
        self.room.open()
        self.microphone.open()
        await until(lambda: self.room.welcomes and self.microphone.stream_id)

    async def put_out(self) -> float:
        """Until both sockets are closed for good."""
        took = await until(lambda: self.room.refused and self.microphone.refused, 10)
        await self.room.close()
        await self.microphone.close()
        return took


@pytest.mark.parametrize("how", ["logout", "password change"])
async def test_sockets_close_when_the_sign_in_ends(site: Site, figures: Figures, how: str) -> None:
    account = await aside(Account, site, random.Random(figures.seed))
    await account.enter()
    moment = time.monotonic()
    if how == "password change":
        site.backstage.ask("change_password", code=account.ticket.code)
    else:
        await aside(account.sign_out)
    await account.put_out()
    took = time.monotonic() - moment
    figures.add(39, f"{how} in mid-meeting", CLEAN, took, "closed ≤ 5 s", f"close {account.room.refused}")
    assert account.room.refused == account.microphone.refused == CloseCode.NOT_SIGNED_IN
    assert soon(took, 5.0)


async def test_a_removed_participant_is_put_out(gathering: Gathering, figures: Figures) -> None:
    site, ticket = gathering.site, gathering.tickets[1]
    room, microphone = gathering.enter(ticket), gathering.unmute(ticket)
    await until(lambda: room.welcomes and microphone.stream_id)
    moment = time.monotonic()
    site.backstage.ask("remove", participant=ticket.participant)
    await until(lambda: room.refused and microphone.refused, 10)
    took = time.monotonic() - moment
    figures.add(39, "removed in mid-meeting", CLEAN, took, "closed ≤ 5 s", f"close {room.refused}")
    assert room.refused == microphone.refused == CloseCode.NOT_FOUND
    assert soon(took, 5.0)
