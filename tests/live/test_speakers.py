"""A recorded conversation becomes a transcript with its speakers, also when the worker dies on the way."""

import csv
import importlib.util
import io
import json
import os
from collections.abc import Callable

import pytest
import soundfile

from tests.live.uploading import finished, transcript, upload, wait_for
from tests.people import Person
from tests.speech import Samples, confused_share, four_people, telephone_call
from tests.stack import Stack
from transcription.diarization.bundle import find_bundle

INSTALLED = importlib.util.find_spec("pyannote") is not None and find_bundle() is not None


@pytest.fixture(scope="module")
def stack(new_stack: Callable[..., Stack]) -> Stack:
    running = new_stack(MODEL="base", HF_TOKEN="", DIARIZATION_MODEL="")
    running.start_all()
    return running


def conversation() -> bytes:
    return flac(telephone_call()[0])


def flac(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16_000, format="FLAC")
    return buffer.getvalue()


def lines(ada: Person, path: str) -> list[tuple[str, str]]:
    """(speaker, text) in order."""
    rows = csv.DictReader(io.StringIO(transcript(ada, path, "csv").lstrip("\ufeff")))
    return [(row["speaker"], row["text"]) for row in rows]


@pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")
@pytest.mark.timeout(600)
def test_two_people_on_the_telephone_have_their_own_lines_once_though_the_worker_died(stack: Stack) -> None:
    ada = Person(stack.base_url)
    ada.sign_up("Ada")
    path = upload(ada, conversation(), speakers="auto")
    wait_for(ada, path, "Telling speakers apart")
    stack.kill("media")
    stack.start_media_worker()
    state = finished(ada, path, 240)
    assert (state["stage"], state["notice"]) == ("Done", "")
    said = lines(ada, path)
    assert {name for name, _ in said} == {"Speaker 1", "Speaker 2"}
    texas, jersey = ({name for name, text in said if place in text} for place in ("Texas", "New Jersey"))
    assert len(texas) == len(jersey) == 1
    assert texas != jersey
    assert sum("Texas" in text for _, text in said) == 1
    assert list((stack.folder / "recordings").iterdir()) == []


@pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")
@pytest.mark.timeout(600)
def test_four_people_in_a_recording_have_their_own_lines(stack: Stack) -> None:
    samples, spans = four_people()
    ada = Person(stack.base_url)
    ada.sign_up("Cleo")
    path = upload(ada, flac(samples), speakers="auto", speakers_least="4", speakers_most="4")
    state = finished(ada, path, 400)
    assert (state["stage"], state["notice"]) == ("Done", "")
    said = json.loads(transcript(ada, path, "json"))["lines"]
    assert {line["speaker"] for line in said} == {f"Speaker {number}" for number in range(1, 5)}
    assert confused_share([(line["start_ms"], line["end_ms"], line["speaker"]) for line in said], spans) < 0.15


@pytest.mark.timeout(600)
def test_without_the_models_there_is_a_transcript_and_a_reason_and_with_them_it_is_tried_again(stack: Stack) -> None:
    restart_media_worker(stack, MODEL_DIR=str(stack.folder / "no-models"))
    ada = Person(stack.base_url)
    ada.sign_up("Bea")
    path = upload(ada, conversation(), speakers="auto")
    state = finished(ada, path)
    assert state["stage"] == "Done"
    assert "make install-diarization" in str(state["notice"])
    together = lines(ada, path)
    assert {name for name, _ in together} == {"Recording"}

    restart_media_worker(stack, MODEL_DIR=os.environ["MODEL_DIR"])
    headers = {"X-CSRFToken": ada.pages.cookies["csrftoken"], "Referer": ada.base_url}
    ada.pages.post(f"{path}retry/", headers=headers).raise_for_status()
    state = finished(ada, path, 240)
    assert (state["stage"], state["notice"] == "") == ("Done", INSTALLED)
    apart = lines(ada, path)
    assert {name for name, _ in apart} == ({"Speaker 1", "Speaker 2"} if INSTALLED else {"Recording"})
    assert " ".join(text for _, text in apart) == " ".join(text for _, text in together)


def restart_media_worker(stack: Stack, **settings: str) -> None:
    stack.kill("media")
    stack.settings |= settings
    stack.start_media_worker()
