"""An uploaded recording becomes its transcript on real processes, every tenth of a second once."""

import io
import re
import time
import wave
from collections.abc import Callable

import httpx
import pytest

from tests.live.uploading import finished, transcript, upload
from tests.people import Person
from tests.stack import Stack
from transcription.engines.scripted import counter_frame

FRAMES = 400  # 40 s


def recording() -> bytes:
    """Numbered frames with a second of silence after every third second."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        for number in range(1, FRAMES + 1):
            file.writeframes(counter_frame(0 if number % 40 > 30 else number))
    return buffer.getvalue()


SPOKEN = [number for number in range(1, FRAMES + 1) if number % 40 <= 30]


@pytest.fixture
def stack(new_stack: Callable[..., Stack]) -> Stack:
    running = new_stack(ENGINE="scripted", MODEL="speed=0")
    running.start_web()
    running.start_transcriber()
    running.start_worker()
    running.start_media_worker()
    running.wait_ready()
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


def test_what_is_no_recording_says_so(stack: Stack) -> None:
    ada = Person(stack.base_url)
    ada.sign_up("Ada")
    state = finished(ada, upload(ada, b"%PDF-1.7 this is a document"))
    assert state["stage"] == "Failed"
    assert "no audio or video file" in str(state["reason"])


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
