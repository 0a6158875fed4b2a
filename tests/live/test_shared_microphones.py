"""A microphone that two people share in a room: live captions under its name, their own lines after the meeting."""

import asyncio
import csv
import importlib.util
import io
import time

import pytest

from tests.people import Person
from tests.speech import telephone_call
from tests.stack import NewStack, Stack
from transcription.diarization.bundle import find_bundle

INSTALLED = importlib.util.find_spec("pyannote") is not None and find_bundle() is not None
BEAT_SECONDS = 60
pytestmark = pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(MODEL="base", HF_TOKEN="", DIARIZATION_MODEL="")
    stack.start_all()
    return stack


async def speak(room: Person, code: str) -> list[str]:
    """Half a minute of two people, as their one microphone sends it; returns the names under the captions."""
    samples, _ = telephone_call()
    async with room.room(code) as captions, room.audio(code) as audio:
        await captions.say(type="hello")
        await captions.expect("welcome")
        await audio.say(type="audio.start", shared=True)
        await audio.expect("audio.ready")
        looking = asyncio.create_task(captions.attend(), name="the room's page")
        await audio.speak((samples * 32_767).astype("<i2").tobytes())
        await audio.say(type="audio.stop")
        await audio.expect("audio.summary", 60)
        looking.cancel()
        await asyncio.wait([looking])
    return [message["name"] for message in captions.received if message["type"] == "caption.final"]


def said(person: Person, code: str) -> list[tuple[str, str]]:
    """(speaker, text) of every line."""
    rows = csv.DictReader(io.StringIO(person.pages.get(f"/m/{code}/minutes.csv").text.lstrip("\ufeff")))
    return [(row["speaker"], row["text"]) for row in rows]


async def settled(person: Person, code: str) -> list[tuple[str, str]]:
    """All that is said, once nothing is added any more."""
    before: list[tuple[str, str]] = []
    lines = said(person, code)
    while lines != before:
        await asyncio.sleep(4)
        before, lines = lines, said(person, code)
    return lines


def speakers(lines: list[tuple[str, str]]) -> set[str]:
    return {name for name, _ in lines}


@pytest.mark.timeout(600)
async def test_who_shared_a_microphone_has_their_own_lines_after_the_meeting(site: Stack) -> None:
    room = Person(site.base_url)
    room.sign_up("Room 4")
    code = room.start_meeting("Weekly", keep_audio="on", language="en")
    names = await speak(room, code)
    assert set(names) == {"Room 4"}
    together = await settled(room, code)
    assert speakers(together) == {"Room 4"}
    room.end(code)
    deadline = time.monotonic() + 4 * BEAT_SECONDS
    while speakers(apart := said(room, code)) == {"Room 4"}:
        assert time.monotonic() < deadline, site.log("media")
        await asyncio.sleep(1)
    assert speakers(apart) == {"Room 4 / Speaker 1", "Room 4 / Speaker 2"}
    texas, jersey = (speakers([line for line in apart if place in line[1]]) for place in ("Texas", "New Jersey"))
    assert len(texas) == len(jersey) == 1
    assert texas != jersey
    assert " ".join(text for _, text in apart).split() == " ".join(text for _, text in together).split()
    assert "not told apart" not in room.pages.get(f"/m/{code}/review/").text
