"""The overlay's socket against real Daphne, Postgres and Valkey: captions for whoever has the key, and nothing else."""

import json
import re
import uuid
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from tests.people import Person, Socket
from tests.stack import Stack

SAY = """
from meetings import fanout
from meetings.models import AudioStream, Meeting
from meetings.services.captions import claim_stream, store_caption
from transcription.captions import Final
meeting = Meeting.objects.get(code="{code}")
stream = AudioStream.objects.create(participant=meeting.participants.get(), offset_ms=0)
fence = claim_stream(str(stream.pk))[0]
fanout.announce(meeting.pk, store_caption(str(stream.pk), fence, Final(0, 16000, "Good morning.", (), "en", 0.9)))
"""


def overlay_url(host: Person, code: str) -> str:
    """The socket of the page whose link the host's room shows."""
    room = host.pages.get(f"/m/{code}/room/").text
    found = re.search(r'/overlay/\?key=([0-9a-f]+)"', room)
    assert found, "the host's room shows no overlay link"
    return f"{host.base_url.replace('http', 'ws', 1)}/ws/meetings/{code}/overlay/?key={found[1]}"


def watch(host: Person, url: str) -> Any:
    """A browser without any cookie."""
    return connect(url, origin=Origin(host.base_url), max_size=None)


async def test_whoever_has_the_key_reads_captions_and_is_not_counted(site: Stack, host: Person, code: str) -> None:
    url = overlay_url(host, code)
    async with host.room(code) as room, watch(host, url) as first, watch(host, url) as second:
        await room.say(type="hello", last_sequence=0)
        await room.expect("welcome")
        overlays = [Socket(first), Socket(second)]
        for overlay in overlays:
            await overlay.say(type="hello", last_sequence=0)
            welcome = await overlay.expect("welcome")
            assert (welcome["you"], len(welcome["participants"])) == ("", 1)
            await overlay.expect("status")
        site.manage("shell", "-c", SAY.format(code=code))
        for socket in [room, *overlays]:
            assert (await socket.expect("caption.final"))["text"] == "Good morning."
        await room.say(type="mark", id=str(uuid.uuid4()), kind="chat", text="Between us")
        await room.expect("mark.changed")
        await overlays[0].say(type="ping", echo=0)
        await overlays[0].expect("pong")
        await overlays[0].expect("status")
        assert not [event for event in overlays[0].received if event["type"].startswith("mark")]


async def test_an_overlay_only_reads(host: Person, code: str) -> None:
    async with watch(host, overlay_url(host, code)) as wire:
        overlay = Socket(wire)
        await overlay.say(type="hello", last_sequence=0)
        await overlay.say(type="state", muted=False)
        assert (await overlay.expect("error"))["code"] == "read_only"


@pytest.mark.parametrize("change", ["no key", "wrong key", "another meeting"])
async def test_without_the_key_there_is_no_meeting(host: Person, code: str, change: str) -> None:
    url = overlay_url(host, code)
    asked = {
        "no key": url.partition("?")[0],
        "wrong key": f"{url[:-4]}0000",
        "another meeting": url.replace(code, host.start_meeting("Another")),
    }[change]
    async with watch(host, asked) as wire:
        assert json.loads(await wire.recv())["code"] == "not_found"
        with pytest.raises(ConnectionClosed):
            await wire.recv()
    assert wire.close_code == 4404


async def test_the_end_of_the_meeting_is_told_and_the_key_opens_nothing_more(host: Person, code: str) -> None:
    url = overlay_url(host, code)
    async with watch(host, url) as wire:
        overlay = Socket(wire)
        await overlay.say(type="hello", last_sequence=0)
        await overlay.expect("status")
        host.end(code)
        await overlay.expect("meeting.ended")
    async with watch(host, url) as wire:
        assert await Socket(wire).closed() == 4404
