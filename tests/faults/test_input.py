"""Rows 30, 31, 37–39: what people and programs may send, and what they may not see."""

import asyncio
import json
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from meetings.protocol.frames import FRAME_HEADER
from meetings.protocol.refusals import CloseCode
from tests.faults.figures import Figure, Figures, row
from tests.faults.site import Gathering, aside, until
from tests.faults.sockets import Ticket
from tests.faults.wire import answer, header, program, raw
from tests.people import Person

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(120)]


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


@row(30, "bad frames")
@pytest.mark.quick
async def test_bad_frames_are_refused_with_a_reason(gathering: Gathering, figures: Figures) -> None:
    ticket = gathering.tickets[1]
    closes: list[object] = []
    speaking = asyncio.create_task(gathering.speak(4.0))
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
    await speaking
    count = await gathering.finish()
    figures.add(count, Figure("closed with 1011", closes.count(1011), 0), shown="error")
    assert not any(closes)


@row(30, "a frame of {size} bytes")
@pytest.mark.parametrize("size", [64 * 1024 + 2, 2 * 1024 * 1024])
async def test_a_frame_that_is_too_large_closes_the_socket(gathering: Gathering, figures: Figures, size: int) -> None:
    speaking = asyncio.create_task(gathering.speak(3.0))
    async with raw(gathering.tickets[1], "audio") as wire:
        await wire.send(json.dumps({"type": "audio.start", "language": "en"}))
        await answer(wire, "audio.ready")
        await wire.send(header() + bytes(size - FRAME_HEADER.size))
        await until(lambda: wire.close_code is not None)
        code = wire.close_code
    await speaking
    count = await gathering.finish()
    figures.add(count, shown=f"close {code}")
    assert code == (CloseCode.TOO_LARGE if size < 2**20 else 1009)


@row(31, "bad texts, {kind} socket")
@pytest.mark.parametrize("kind", ["room", "audio"])
async def test_bad_texts_are_refused_with_a_reason(gathering: Gathering, figures: Figures, kind: str) -> None:
    ticket = gathering.tickets[1]
    cases = dict(BAD_TEXTS)
    if kind == "audio":
        cases |= {name: json.dumps({"type": "audio.start", **start}) for name, start in BAD_STARTS.items()}
    closes: list[object] = []
    speaking = asyncio.create_task(gathering.speak(4.0))
    for name, text in cases.items():
        async with raw(ticket, kind) as wire:
            await wire.send(text)
            if text:
                assert "code" in await answer(wire), name
            await wire.send(json.dumps({"type": "ping"}))
            closes.append((await answer(wire, "pong")).get("close"))
    await speaking
    count = await gathering.finish()
    figures.add(count, Figure("closed with 1011", closes.count(1011), 0), shown="error")
    assert not any(closes)


@row(31, "text that is not UTF-8")
async def test_text_that_is_not_utf8_is_refused(gathering: Gathering, figures: Figures) -> None:
    speaking = asyncio.create_task(gathering.speak(3.0))
    async with raw(gathering.tickets[1], "room") as wire:
        wire.protocol.send_text(b"\xff\xfe{")
        wire.send_data()
        await until(lambda: wire.close_code is not None)
        code = wire.close_code
    await speaking
    count = await gathering.finish()
    figures.add(count, shown=f"close {code}")
    assert code == 1007


@row(37, "another's meeting, stream and session by socket")
async def test_somebody_elses_meeting_and_stream_do_not_exist(gathering: Gathering, figures: Figures) -> None:
    site, code = gathering.site, gathering.tickets[0].code
    stranger = site.meeting(1)[0]
    eve = await aside(lambda: site.backstage.ask("account"))
    await until(lambda: gathering.microphone.stream_id)
    leaks = 0
    speaking = asyncio.create_task(gathering.speak(3.0))
    for kind in ("room", "audio", "overlay"):
        async with raw(replace(stranger, code=code), kind) as wire:
            leaks += (await answer(wire, "welcome")).get("close") != CloseCode.NOT_FOUND
    async with raw(replace(stranger, code=code), "overlay", key="0" * 40) as wire:
        leaks += (await answer(wire, "welcome")).get("close") != CloseCode.NOT_FOUND
    async with raw(stranger, "audio") as wire:
        await wire.send(json.dumps({"type": "audio.start", "stream_id": gathering.microphone.stream_id}))
        leaks += (await answer(wire)).get("code") != "stream_refused"
    async with program(site.base_url, eve["token"], session_id=gathering.microphone.stream_id) as wire:
        leaks += (await answer(wire, "ready")).get("close") != CloseCode.NOT_FOUND
    async with program(site.base_url, "mtx_" + "x" * 43, meeting=code) as wire:
        leaks += (await answer(wire, "ready")).get("close") != CloseCode.NOT_SIGNED_IN
    await speaking
    count = await gathering.finish()
    figures.add(count, Figure("leaks", leaks, 0), shown="4404")


ORIGINS = {
    "foreign": "https://evil.example",
    "another port": "http://127.0.0.1:1",
    "another scheme": "https://127.0.0.1",
    "null": "null",
    "absent": None,
}


@row(38, "other origins, {kind} socket")
@pytest.mark.quick
@pytest.mark.parametrize("kind", ["room", "audio", "overlay"])
async def test_pages_of_other_origins_get_no_socket(gathering: Gathering, figures: Figures, kind: str) -> None:
    ticket = gathering.tickets[1]
    accepted, statuses = 0, set()
    for origin in (*ORIGINS.values(), ticket.base_url.replace("http:", "https:")):
        try:
            async with raw(ticket, kind, origin):
                accepted += 1
        except InvalidStatus as refusal:
            statuses.add(refusal.response.status_code)
    await gathering.agree()
    figures.add(None, Figure("accepted", accepted, 0), shown=", ".join(map(str, statuses)))
    assert statuses == {403}


class Account:
    """Somebody with an account who came into the meeting, with both sockets open."""

    def __init__(self, gathering: Gathering) -> None:
        self.person = Person(gathering.site.base_url)
        self.person.sign_up(f"Member {secrets.token_hex(4)}")
        code = gathering.tickets[0].code
        self.person.join(code, "Member")
        self.ticket = Ticket(gathering.site.base_url, code, self.person.pages.cookies["sessionid"], "")

    def sign_out(self) -> None:
        pages = self.person.pages
        token = pages.cookies["csrftoken"]
        referer = {"Referer": self.ticket.base_url}
        answer = pages.post("/accounts/logout/", data={"csrfmiddlewaretoken": token}, headers=referer)
        assert answer.status_code == httpx.codes.OK, answer.text


async def put_out(gathering: Gathering, ticket: Ticket, act: Callable[[], object]) -> tuple[int | None, list[Figure]]:
    """Somebody's sockets when `act` takes away what let them in, while another speaks; the close code, the figures."""
    room, microphone = gathering.enter(ticket), gathering.unmute(ticket)
    await until(lambda: room.welcomes and microphone.stream_id)
    speaking = asyncio.create_task(gathering.microphone.speak(8.0))
    await until(lambda: room.finals)
    moment = time.monotonic()
    act()
    await until(lambda: room.refused and microphone.refused, 10)
    closed = time.monotonic() - moment
    async with raw(ticket, "room") as again:
        await again.send(json.dumps({"type": "hello", "last_sequence": 0}))
        let_in = "close" not in await answer(again, "welcome")
    await speaking
    assert room.refused == microphone.refused
    after = room.since_error + microphone.since_error + let_in
    return room.refused, [Figure("closed after", closed, 5.0, "s"), Figure("messages after", after, 0)]


@row(39, "{how} in mid-meeting")
@pytest.mark.parametrize("how", ["logout", "password change"])
async def test_sockets_close_when_the_sign_in_ends(gathering: Gathering, figures: Figures, how: str) -> None:
    account = await aside(Account, gathering)
    change = partial(gathering.site.backstage.ask, "change_password", session=account.ticket.session)
    code, measured = await put_out(gathering, account.ticket, account.sign_out if how == "logout" else change)
    count = await gathering.finish()
    figures.add(count, *measured, shown=f"close {code}")
    assert code == CloseCode.NOT_SIGNED_IN


@row(39, "removed in mid-meeting")
async def test_a_removed_participant_is_put_out(gathering: Gathering, figures: Figures) -> None:
    host, ticket = await gathering.enter_host(), gathering.tickets[1]
    remove = partial(host.say, type="participant.remove", participant_id=ticket.participant)
    code, measured = await put_out(gathering, ticket, remove)
    count = await gathering.finish()
    figures.add(count, *measured, shown=f"close {code}")
    assert code == CloseCode.REMOVED


@row(39, "share link revoked in mid-meeting")
async def test_a_revoked_link_opens_nothing(gathering: Gathering, figures: Figures) -> None:
    lets_in = await gathering.ask("furnish", text="kestrel-7716")
    speaking = asyncio.create_task(gathering.speak(6.0))
    await until(lambda: gathering.room.finals)
    async with httpx.AsyncClient(base_url=gathering.site.base_url) as pages:
        before = await pages.get(f"/shared/{lets_in['link']}/")
        moment = time.monotonic()
        await gathering.ask("revoke_links")
        after = await pages.get(f"/shared/{lets_in['link']}/")
        closed = time.monotonic() - moment
    await speaking
    count = await gathering.finish()
    words = gathering.room.finals[0]["text"]
    figures.add(count, Figure("closed after", closed, 5.0, "s"), Figure("shown after", int(words in after.text), 0),
                shown=f"{after.status_code}")  # fmt: skip
    assert words in before.text
    assert after.status_code == httpx.codes.NOT_FOUND


@row(39, "a program's token revoked in mid-meeting")
async def test_a_program_whose_token_was_revoked_is_put_out(gathering: Gathering, figures: Figures) -> None:
    """It hears what the others say till then."""
    lets_in = await gathering.ask("furnish", text="kestrel-3028")
    speaking = asyncio.create_task(gathering.speak(14.0))
    code = gathering.tickets[0].code
    async with program(gathering.site.base_url, lets_in["token"], meeting=code, everybody="1") as wire:
        assert (await answer(wire, "final"))["type"] == "final"
        await gathering.ask("revoke_tokens")
        moment = time.monotonic()
        assert (await answer(wire))["code"] == "not_signed_in"
        ends = await answer(wire, "final")
        closed = time.monotonic() - moment
    await speaking
    count = await gathering.finish()
    figures.add(count, Figure("closed after", closed, 5.0, "s"), Figure("messages after", int("close" not in ends), 0),
                shown=f"close {ends.get('close')}")  # fmt: skip
    assert ends == {"close": CloseCode.NOT_SIGNED_IN}
