"""An uploaded recording becomes its transcript on real processes, every tenth of a second once."""

import asyncio
import io
import re
import time
import wave
from collections.abc import Callable

import httpx
import psycopg
import pytest

from tests.live.uploading import finished, offer, state_of, transcript, upload, wait_for
from tests.people import Person
from tests.stack import Stack
from transcription.engines.scripted import counter_frame

FRAMES = 400  # 40 s
SLOW = "batch=1,speed=6"  # one window at a time


def recording(frames: int = FRAMES) -> bytes:
    """Numbered frames with a second of silence after every third second."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        for number in range(1, frames + 1):
            file.writeframes(counter_frame(0 if number % 40 > 30 else number))
    return buffer.getvalue()


def spoken(frames: int = FRAMES) -> list[int]:
    return [number for number in range(1, frames + 1) if number % 40 <= 30]


SPOKEN = spoken()


@pytest.fixture
def script() -> str:
    return "speed=0"


@pytest.fixture
def stack(new_stack: Callable[..., Stack], script: str) -> Stack:
    running = new_stack(ENGINE="scripted", MODEL=script)
    running.start_all()
    return running


def numbers(ada: Person, path: str) -> list[int]:
    """What the transcript says, in its order."""
    text = transcript(ada, path, "csv")
    return [int(word) for word in text.replace(",", " ").replace('"', " ").split() if word.isdigit()]


def test_a_recording_becomes_its_transcript(stack: Stack) -> None:
    ada = Person(stack.base_url)
    ada.sign_up("Ada")
    path = upload(ada, recording())
    state = finished(ada, path)
    assert (state["stage"], state["reason"]) == ("Done", "")
    spoken = [number for number in numbers(ada, path) if number in SPOKEN]
    assert spoken == SPOKEN
    assert list((stack.folder / "recordings").iterdir()) == []


def test_a_recording_is_kept_where_the_uploader_says_so(stack: Stack) -> None:
    ada = Person(stack.base_url)
    ada.sign_up("Ada Keeps")
    path = upload(ada, recording(), keep_audio="on")
    assert finished(ada, path)["stage"] == "Done"
    code = ada.pages.get(path).text.split('href="/m/')[1].split("/")[0]
    sound = bytearray()
    with wave.open(io.BytesIO(recording())) as file:
        expected = file.readframes(file.getnframes())
    while len(sound) < 44 + len(expected):
        answer = ada.pages.get(f"/m/{code}/review/audio.wav", headers={"Range": f"bytes={len(sound)}-"})
        assert answer.status_code == httpx.codes.PARTIAL_CONTENT, answer.text
        sound += answer.content
    assert bytes(sound[44:]) == expected
    assert "Everybody" not in ada.pages.get(f"/m/{code}/review/").text  # there is one voice to hear


@pytest.mark.parametrize("script", [SLOW])
@pytest.mark.timeout(300)
def test_a_worker_that_dies_while_it_transcribes_leaves_one_result(stack: Stack) -> None:
    ada = Person(stack.base_url)
    ada.sign_up("Ada Killed")
    path = upload(ada, recording())
    wait_for(ada, path, "Transcribing")
    while not state_of(ada, path)["percent"]:
        time.sleep(0.1)
    stack.kill("media")
    assert not state_of(ada, path)["over"]
    stack.start_media_worker()
    state = finished(ada, path)
    assert (state["stage"], state["reason"]) == ("Done", "")
    assert [number for number in numbers(ada, path) if number in SPOKEN] == SPOKEN
    with psycopg.connect(stack.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM meetings_meeting").fetchone() == (1,)
    assert list((stack.folder / "recordings").iterdir()) == []


@pytest.mark.parametrize("script", [SLOW])
async def test_captions_grow_in_a_room_while_an_upload_is_transcribed(stack: Stack) -> None:
    frames = 1_200
    ada = Person(stack.base_url)
    ada.sign_up("Ada Live")
    code = ada.start_meeting("Weekly")
    path = await asyncio.to_thread(upload, ada, recording(frames))
    await asyncio.to_thread(wait_for, ada, path, "Transcribing")
    async with ada.room(code) as room, ada.audio(code) as audio:
        await room.say(type="hello")
        await room.expect("welcome")
        await audio.say(type="audio.start")
        await audio.expect("audio.ready")
        await audio.speak(b"".join(counter_frame(10_000 + index) for index in range(60)))  # until the end only partials
        await audio.say(type="audio.stop")
        assert not (await asyncio.to_thread(state_of, ada, path))["over"]  # it was in the way all the time
        final = await room.expect("caption.final")
        assert final["text"].split() == [str(10_000 + index) for index in range(60)]
        grown = [message for message in room.received if message["type"] == "caption.partial"]
        assert len(grown) >= 3
        assert all(message["lag_ms"] < 3_000 for message in room.received if message["type"] == "status")
    assert (await asyncio.to_thread(finished, ada, path))["stage"] == "Done"
    heard = await asyncio.to_thread(numbers, ada, path)
    assert [number for number in heard if number in spoken(frames)] == spoken(frames)


def test_what_is_no_recording_says_so(stack: Stack) -> None:
    ada = Person(stack.base_url)
    ada.sign_up("Ada")
    path, answer = offer(ada, b"%PDF-1.7 this is a document")
    assert answer.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE
    assert "no audio or video file" in answer.json()["error"]
    assert state_of(ada, path)["stage"] == "Failed"
    assert upload(ada, recording())  # its first sound is looked for within the request, by a process of its own


def test_a_program_gives_a_file_and_gets_its_text(stack: Stack) -> None:
    ada = Person(stack.base_url)
    ada.sign_up("Ada Programs")
    page = ada.submit("/accounts/tokens/", name="Bot", scopes=["jobs"], days="30")
    token = re.search(r"mtx_[\w-]{40,}", page.text)
    assert token, page.text
    with httpx.Client(base_url=stack.base_url, headers={"Authorization": f"Bearer {token[0]}"}, timeout=20) as program:
        files = {"file": ("board.wav", recording(), "audio/wav")}
        accepted = program.post("/v1/stt/jobs", files=files, data={"language": "en"})
        assert accepted.status_code == httpx.codes.ACCEPTED, accepted.text
        deadline = time.monotonic() + 150
        while (job := program.get(accepted.json()["status_url"]).json())["status"] in {"queued", "running"}:
            assert time.monotonic() < deadline, job
            time.sleep(0.5)
        assert (job["status"], job["progress"], job["error"]) == ("done", 1, "")
        assert [int(word) for word in job["result"]["text"].split()] == SPOKEN
        assert program.delete(accepted.json()["status_url"]).status_code == httpx.codes.NO_CONTENT
        assert program.get(accepted.json()["status_url"]).status_code == httpx.codes.NOT_FOUND
