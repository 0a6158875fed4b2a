"""Who has gone silent, and who only waits for a server that is behind."""

import time
from typing import Any

import pytest

from meetings.consumers.audio import AudioConsumer
from meetings.protocol.events import AudioEvent, Pong, RoomEvent
from meetings.protocol.refusals import CloseCode
from meetings.protocol.requests import Ping


class Listening(AudioConsumer):
    """Its page is this test."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[RoomEvent | AudioEvent] = []
        self.refused: list[tuple[CloseCode, str]] = []

    async def tell(self, event: RoomEvent | AudioEvent) -> None:
        self.told.append(event)

    async def refuse(self, close_code: CloseCode, code: str, message: str) -> None:
        self.refused.append((close_code, code))
        self.closing = True


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def socket(clock: Clock) -> Listening:
    return Listening()


async def test_a_page_that_reads_stays(socket: Listening, clock: Clock) -> None:
    for echo in range(20):
        await socket.answer_ping(Ping(echo=echo))
        clock.pass_(5)
    assert socket.told == [Pong(number) for number in range(1, 21)]
    assert not socket.refused


async def test_a_page_that_pings_and_does_not_read_is_refused_at_its_third_ping(
    socket: Listening, clock: Clock
) -> None:
    for count in range(3):
        assert not socket.refused, count
        await socket.answer_ping(Ping(echo=0))
        clock.pass_(5)
    assert socket.refused == [(CloseCode.SILENT_CLIENT, "not_reading")]


async def test_pings_that_waited_for_a_busy_server_are_no_sign_of_not_reading(socket: Listening, clock: Clock) -> None:
    await socket.answer_ping(Ping(echo=0))
    clock.pass_(30)  # the page read that pong, and pinged six times meanwhile
    for _ in range(6):
        await socket.answer_ping(Ping(echo=1))
    clock.pass_(5)
    await socket.answer_ping(Ping(echo=7))
    assert not socket.refused


@pytest.mark.parametrize(("behind", "refusals"), [(False, 1), (True, 0)])
async def test_a_silent_page_is_refused_unless_its_messages_wait(
    socket: Listening, clock: Clock, monkeypatch: pytest.MonkeyPatch, behind: bool, refusals: int
) -> None:
    rounds = iter(range(7))

    async def sleep(seconds: float) -> Any:
        clock.pass_(seconds)
        if next(rounds, None) is None:
            socket.closing = True

    monkeypatch.setattr("meetings.consumers.base.asyncio.sleep", sleep)
    socket.behind = behind
    await socket._watch_client()
    assert socket.refused == [(CloseCode.SILENT_CLIENT, "silent")] * refusals
