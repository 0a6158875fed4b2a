"""`transcribe-client` as a subprocess with a real file, against real Daphne, Postgres, Valkey and a transcriber."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import pytest

from tests.people import Person
from tests.stack import ROOT, NewStack, Stack
from transcription.engines.scripted import counter_frame

FRAMES = 60  # of 100 ms


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted")
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
    scopes = scopes or ("stream", "meetings:read")
    page = person.submit("/accounts/tokens/", name="Bot", scopes=list(scopes), days="30")
    found = re.search(r"mtx_[\w-]{40,}", page.text)
    assert found, page.text
    return found[0]


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered frames, with a second of silence after every second one; at the end as well."""
    path = tmp_path_factory.mktemp("speech") / "numbers.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        for number in range(1, FRAMES + 1):
            file.writeframes(counter_frame(number if number % 30 <= 20 and number % 30 else 0))
    return path


SPOKEN = [number for number in range(1, FRAMES + 1) if number % 30 <= 20 and number % 30]


def start(site: Stack, text: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "TRANSCRIBE_SERVER": site.base_url, "TRANSCRIBE_TOKEN": text}
    return subprocess.Popen(
        [sys.executable, "-m", "transcribe_client", *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(site: Stack, text: str, *arguments: str, code: int = 0) -> tuple[str, str]:
    client = start(site, text, *arguments)
    output, aside = client.communicate(timeout=90)
    assert client.returncode == code, f"{output}\n{aside}"
    return output, aside


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def test_a_file_becomes_lines_with_times_and_names(site: Stack, ada: Person, speech: Path) -> None:
    began = time.monotonic()
    output, _ = run(site, token(ada), "file", str(speech), "--fast")
    assert time.monotonic() - began < 30
    lines = re.findall(r"^\[(\d:\d\d:\d\d)\] (Ada [0-9a-f]+): ([\d ]+)$", output, re.MULTILINE)
    assert [number for line in lines for number in numbers(line[2])] == SPOKEN
    assert lines[0][0] == "0:00:00"
    assert lines[1][0] in {"0:00:02", "0:00:03"}  # the pause before it may count


def test_json_gives_every_message_as_a_line(site: Stack, ada: Person, speech: Path) -> None:
    output, _ = run(site, token(ada), "file", str(speech), "--fast", "--json", "--words")
    events = [json.loads(line) for line in output.splitlines()]
    assert events[0]["type"] == "ready"
    assert (events[-1]["type"], events[-1]["complete"], events[-1]["finals"]) == ("summary", True, 2)
    finals = [event for event in events if event["type"] == "final"]
    assert [number for final in finals for number in numbers(final["text"])] == SPOKEN
    assert [word["text"] for word in finals[0]["words"]] == finals[0]["text"].split()


def test_a_killed_server_costs_no_word(site: Stack, ada: Person, speech: Path) -> None:
    """At the pace of speech; Daphne dies in the middle and comes back."""
    text = token(ada)
    client = start(site, text, "file", str(speech), "--json")
    time.sleep(3.0)
    site.kill("web")
    time.sleep(1.0)
    site.start_web()
    output, aside = client.communicate(timeout=90)
    assert client.returncode == 0, aside
    assert "reconnecting" in aside
    events = [json.loads(line) for line in output.splitlines()]
    assert sum(event["type"] == "ready" for event in events) >= 2
    assert len({event["session_id"] for event in events if event["type"] == "ready"}) == 1
    said = {event["segment_id"]: event["text"] for event in events if event["type"] == "final"}
    meeting = events[0]["meeting_id"]
    stored = run(site, text, "export", meeting, "--format", "txt", "--output", str(speech.with_suffix(".txt")))
    assert stored
    transcript = speech.with_suffix(".txt").read_text()
    assert [number for final in said.values() for number in numbers(final)] == SPOKEN
    for number in SPOKEN:
        assert re.search(rf"\b{number}\b", transcript), number


def test_in_a_meeting_it_speaks_and_hears_everybody(site: Stack, ada: Person, speech: Path) -> None:
    code = ada.start_meeting("Weekly")
    listener = start(site, token(ada), "file", str(speech), "--meeting", code)
    grace = Person(site.base_url)
    grace.sign_up(f"Grace {secrets.token_hex(4)}")
    grace.join(code, "Grace")
    run(site, token(grace), "file", str(speech), "--fast", "--meeting", code)
    output, aside = listener.communicate(timeout=90)
    assert listener.returncode == 0, aside
    assert re.search(r"^\[.*\] Ada .*: 1 2 3", output, re.MULTILINE)
    assert re.search(r"^\[.*\] Grace .*: 1 2 3", output, re.MULTILINE)


def test_a_meeting_that_a_host_ends_is_a_good_end(site: Stack, ada: Person, speech: Path) -> None:
    code = ada.start_meeting("Weekly")
    client = start(site, token(ada), "file", str(speech), "--meeting", code, "--json")
    assert client.stdout
    while json.loads(client.stdout.readline())["type"] != "partial":
        pass
    ada.end(code)
    output, aside = client.communicate(timeout=60)
    assert client.returncode == 0, aside
    assert "the meeting was ended" in aside
    said = [event["type"] for event in map(json.loads, output.splitlines())]
    assert (said[-1], "final" in said) == ("summary", True)


def test_ctrl_c_flushes_what_was_said(site: Stack, ada: Person, speech: Path) -> None:
    client = start(site, token(ada), "file", str(speech), "--json")
    time.sleep(2.5)
    client.send_signal(signal.SIGINT)
    output, aside = client.communicate(timeout=60)
    assert client.returncode == 0, aside
    events = [json.loads(line) for line in output.splitlines()]
    assert events[-1]["type"] == "summary"
    said = [number for event in events if event["type"] == "final" for number in numbers(event["text"])]
    assert said
    assert said == SPOKEN[: len(said)]


def test_minutes_are_exported_by_code_or_id(site: Stack, ada: Person, tmp_path: Path) -> None:
    code = ada.start_meeting("Budget talk")
    text = token(ada)
    output, _ = run(site, text, "export", code, "--format", "docx", "--output", str(tmp_path / "minutes.docx"))
    assert output.strip() == str(tmp_path / "minutes.docx")
    assert (tmp_path / "minutes.docx").read_bytes().startswith(b"PK")


def test_a_long_document_is_waited_for(site: Stack, ada: Person, tmp_path: Path) -> None:
    code = ada.start_meeting("The whole day")
    line = "say(person, 1_000 * number, 'Budget.')"
    names = "from meetings.models import Participant; from tests.meetings.cast import say"
    person = f"person = Participant.objects.get(meeting__code={code!r})"
    site.manage("shell", "-v", "0", "-c", f"{names}\n{person}\nfor number in range(501): {line}")
    site.start_worker()
    run(site, token(ada), "export", code, "--format", "pdf", "--output", str(tmp_path / "minutes.pdf"))
    assert (tmp_path / "minutes.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["file", "nowhere.wav"], 6, "cannot be read"),
        (["file", "README.md"], 6, "cannot be read"),
        (["file", "{speech}", "--meeting", "nowhere"], 4, "no such meeting"),
        (["export", "nowhere"], 4, "no meeting nowhere"),
        (["export", "00000000-0000-0000-0000-000000000000"], 4, "no such meeting"),
        (["file", "{speech}", "--server", "http://127.0.0.1:1"], 5, "no answer"),
        (["export", "x", "--server", "http://127.0.0.1:1"], 5, "no answer"),
        (["file", "{speech}", "--server", "nonsense"], 2, "no address"),
        (["mic", "--dance"], 2, "unrecognized"),
        ([], 2, "required"),
    ],
)
def test_the_exit_code_says_what_was_wrong(
    site: Stack, ada: Person, speech: Path, arguments: list[str], code: int, why: str
) -> None:
    _, aside = run(site, token(ada), *[part.format(speech=speech) for part in arguments], code=code)
    assert why in aside
    assert "Traceback" not in aside


def test_a_wrong_token_and_a_missing_scope_are_said(site: Stack, ada: Person, speech: Path) -> None:
    for text in ("", "mtx_wrong", token(ada, "meetings:read")):
        _, aside = run(site, text, "file", str(speech), code=3)
        assert "token" in aside
    assert "scope" in run(site, token(ada, "stream"), "export", "x", code=3)[1]
