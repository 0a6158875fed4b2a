"""A test sentence of the lobby comes back as text, by real processes; it is stored nowhere, and not all is taken."""

import re
import secrets
import time

import httpx
import pytest

from tests.people import Person
from tests.stack import NewStack, Stack
from transcription.engines.scripted import counter_frame

SENTENCE = b"".join(counter_frame(number) for number in range(1, 21)) + bytes(16_000)


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted")
    stack.start_web()
    stack.start_transcriber()
    stack.wait_ready()
    return stack


@pytest.fixture
def lobby(site: Stack) -> tuple[Person, str]:
    """A stranger with a link, and the address of the check."""
    host, stranger = Person(site.base_url), Person(site.base_url)
    host.sign_up(f"Ada {secrets.token_hex(4)}")
    code = host.start_meeting("Lobby")
    return stranger, f"/m/{code}/check/"


def send(person: Person, address: str, pcm: bytes, **query: str) -> httpx.Response:
    page = person.pages.get(address.replace("check/", ""))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token
    headers = {"X-CSRFToken": token[1], "Referer": person.base_url, "Content-Type": "application/octet-stream"}
    return person.pages.post(address, params={"rate": "16000", **query}, content=pcm, headers=headers)


def heard(person: Person, address: str) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = person.pages.get(address).json()
        if answer["done"]:
            return str(answer["text"])
        time.sleep(0.1)
    raise TimeoutError


def test_a_sentence_comes_back_as_text_and_is_stored_nowhere(site: Stack, lobby: tuple[Person, str]) -> None:
    stranger, address = lobby
    begun = send(stranger, address, SENTENCE)
    assert begun.status_code == httpx.codes.ACCEPTED, begun.text
    assert heard(stranger, f"{address}{begun.json()['check']}/") == " ".join(str(number) for number in range(1, 21))
    count = "from meetings.models import *; print(Segment.objects.count() + AudioStream.objects.count())"
    assert site.manage("shell", "-v", "0", "-c", count).strip() == "0"


def test_silence_comes_back_as_nothing(lobby: tuple[Person, str]) -> None:
    stranger, address = lobby
    begun = send(stranger, address, bytes(64_000))
    assert heard(stranger, f"{address}{begun.json()['check']}/") == ""


@pytest.mark.parametrize(
    ("pcm", "query"),
    [
        (b"", {}),
        (bytes(100), {}),
        (bytes(16_001), {}),
        (bytes(16_000 * 2 * 9), {}),
        (SENTENCE, {"rate": "7"}),
        (SENTENCE, {"rate": "16000.0"}),
        (SENTENCE, {"rate": "９"}),
        (SENTENCE, {"language": "klingon"}),
        (bytes(4_000_000), {}),
    ],
)
def test_what_is_no_sentence_is_refused(lobby: tuple[Person, str], pcm: bytes, query: dict[str, str]) -> None:
    stranger, address = lobby
    assert send(stranger, address, pcm, **query).status_code in {400, 413}


def test_who_tries_too_often_waits(lobby: tuple[Person, str]) -> None:
    stranger, address = lobby
    answers = [send(stranger, address, SENTENCE).status_code for _ in range(13)]  # a minute may end meanwhile
    assert answers[0] == httpx.codes.ACCEPTED
    assert httpx.codes.TOO_MANY_REQUESTS in answers


def test_another_site_cannot_make_checks(lobby: tuple[Person, str]) -> None:
    stranger, address = lobby
    assert stranger.pages.post(address, params={"rate": "16000"}, content=SENTENCE).status_code == httpx.codes.FORBIDDEN
