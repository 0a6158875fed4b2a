"""Who is there stays true while connections end and begin on different servers."""

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from channels.layers import get_channel_layer

from meetings import fanout
from meetings.consumers.company import Company
from meetings.database import in_database
from meetings.models import Participant, User
from meetings.redis import redis_client
from meetings.services import attendance, presence, rooms
from tests.people import Person
from tests.stack import Stack

RETURNS = 25


@pytest_asyncio.fixture
async def somebody(transactional_db: None) -> AsyncIterator[Participant]:
    def make() -> Participant:
        host = User.objects.create_user(f"{uuid.uuid4().hex}@example.org", password="a long one")
        meeting = rooms.create_meeting(host, "Weekly")
        return rooms.join(meeting, user=host, session={}, display_name="")

    yield await in_database(make)
    await redis_client().flushdb()


async def _now(person: Participant) -> Participant:
    return await in_database(Participant.objects.get, pk=person.pk)


async def test_the_last_connection_takes_hand_microphone_and_hearing_with_it(somebody: Participant) -> None:
    meeting, you = somebody.meeting_id, somebody.pk
    for connection in ("old", "new"):
        await presence.beat(meeting, you, connection)
    await presence.set_state(meeting, you, muted=False, hearing=True)
    await presence.raise_hand(meeting, you, 7)
    assert await presence.leave(meeting, you, "old") is None
    state = await presence.room_state(meeting)
    me = frozenset({str(you)})
    assert state == presence.RoomState(here=me, unmuted=me, hearing=me, hands={str(you): 7})
    assert await presence.leave(meeting, you, "new") == await fanout.presence_number(meeting) - 1
    assert await presence.room_state(meeting) == presence.RoomState()


async def test_a_change_and_its_number_are_made_together(somebody: Participant) -> None:
    meeting, you = somebody.meeting_id, somebody.pk
    first = await presence.set_state(meeting, you, muted=False, hearing=False)
    number, since = await presence.raise_hand(meeting, you, 5)
    assert (number, since) == (first + 1, 5)
    assert await presence.raise_hand(meeting, you, 9) == (first + 2, 5)
    assert await presence.lower_hand(meeting, you) == first + 3


async def test_who_came_back_before_the_leaving_was_noted_is_there(somebody: Participant) -> None:
    """The old server is slow: it notes the leaving when the page is already connected to another."""
    meeting, you = somebody.meeting_id, somebody.pk
    await presence.beat(meeting, you, "old")
    await attendance.come(somebody)
    change = await presence.leave(meeting, you, "old")
    assert change is not None
    await presence.beat(meeting, you, "new")
    await attendance.come(somebody)
    told = await _told_of(meeting, attendance.go(meeting, you, change))
    assert [message["presence"] for message in told] == [change]
    assert change < await fanout.presence_number(meeting) - 1, "the coming has the higher number"
    assert (await _now(somebody)).left_at is None


async def test_who_is_gone_has_left(somebody: Participant) -> None:
    await presence.beat(somebody.meeting_id, somebody.pk, "only")
    await attendance.come(somebody)
    change = await presence.leave(somebody.meeting_id, somebody.pk, "only")
    assert change is not None
    await attendance.go(somebody.meeting_id, somebody.pk, change)
    assert (await _now(somebody)).left_at is not None


async def test_a_connection_that_died_without_a_word_expires(
    somebody: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await presence.beat(somebody.meeting_id, somebody.pk, "only")
    await attendance.come(somebody)
    assert await attendance.expire() == 0
    later = time.time() + presence.EXPIRES_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    told = await _told_of(somebody.meeting_id, _expired())
    assert ['"participant.left"' in message["text"] for message in told] == [True]
    assert (await _now(somebody)).left_at is not None


async def _expired() -> None:
    assert await attendance.expire() == 1


async def _told_of(meeting: uuid.UUID, work: Any) -> list[Any]:
    """What the room's sockets hear while `work` is done."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(fanout.meeting_group("room", meeting), channel)
    await work
    heard: list[Any] = []
    try:
        while True:
            heard.append(await asyncio.wait_for(layer.receive(channel), 0.3))
    except TimeoutError:
        return heard


class Page:
    """What a page is told of changes; `reminders` counts how often a look was asked for."""

    def __init__(self) -> None:
        self.told: list[int | str] = []
        self.reminders = 0
        self.company = Company(self._everybody, self._remind)
        self.company.start_after(6)

    async def hears(self, *numbers: int) -> None:
        for number in numbers:
            await self.company.heard(number, partial(self._change, number))

    async def _change(self, number: int) -> None:
        self.told.append(number)

    async def _everybody(self) -> None:
        self.told.append("everybody")

    def _remind(self) -> None:
        self.reminders += 1


async def test_changes_that_overtake_each_other_are_passed_on_in_order() -> None:
    page = Page()
    await page.hears(7, 10, 9, 8, 9, 11)
    await page.company.overdue()
    assert (page.told, page.reminders) == ([7, 8, 9, 10, 11], 1)


async def test_a_change_that_never_comes_has_everybody_told_once() -> None:
    page = Page()
    await page.hears(8, 9)
    assert page.told == []
    await page.company.overdue()
    await page.hears(7, 8, 9, 10)
    await page.company.overdue()
    assert page.told == ["everybody", 10]


async def test_a_number_that_is_known_to_be_higher_is_waited_for() -> None:
    page = Page()
    await page.company.noticed(6)
    assert page.reminders == 0
    await page.company.noticed(7)
    await page.company.noticed(7)
    assert (page.told, page.reminders) == ([], 1)
    await page.company.overdue()
    await page.company.noticed(7)
    assert (page.told, page.reminders) == (["everybody"], 1)


async def test_a_number_that_is_lower_says_that_redis_lost_the_last_second() -> None:
    page = Page()
    await page.company.noticed(5)
    await page.company.noticed(5)
    await page.hears(6)
    assert page.told == ["everybody", 6]


async def test_a_page_that_comes_back_at_once_many_times_is_there_for_everybody(site: Stack) -> None:
    host, guest = Person(site.base_url), Person(site.base_url)
    host.sign_up(f"Host {secrets.token_hex(4)}")
    code = host.start_meeting("Weekly")
    guest.join(code, "Grace")
    async with host.room(code) as watcher:
        await watcher.say(type="hello")
        await watcher.expect("status")
        for _ in range(RETURNS):
            async with guest.room(code) as brief:
                await brief.say(type="hello")
                await brief.expect("welcome")
        async with guest.room(code) as stays:
            await stays.say(type="hello")
            await stays.expect("status")
            await asyncio.sleep(0.5)
            await watcher.say(type="ping", echo=0)
            await watcher.expect("status")
            coming = [
                event for event in watcher.received if event["type"] in {"participant.joined", "participant.left"}
            ]
            of_grace = [event for event in coming if event.get("participant", {}).get("name", "Grace") == "Grace"]
            assert of_grace[-1].get("participant", {}).get("present"), "shown as gone, and is there"
