"""Webhooks from a real worker to a real server, which is away at first, refuses once, and lies in a private network."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.people import Person
from tests.stack import ROOT, NewStack, Stack, free_port


class Receiver:
    """`tests.receiver`, started when the test wants it to be there."""

    def __init__(self, folder: Path, answers: str = "") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._heard = folder / f"{self.port}.jsonl"
        self._heard.with_suffix(".answers").write_text(answers)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.receiver", str(self.port), str(self._heard)], cwd=ROOT
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._heard.read_text().splitlines()] if self._heard.exists() else []


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(tmp_path, answers="500")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def site(new_stack: NewStack) -> Stack:
    stack = new_stack(ENGINE="scripted", WEBHOOK_ALLOWED_NETWORKS="127.0.0.1/32")
    stack.start_web()
    stack.start_worker()
    return stack


def program(site: Stack, name: str) -> httpx.Client:
    person = Person(site.base_url)
    person.sign_up(name)
    page = person.submit("/accounts/tokens/", name="Bot", scopes=["webhooks", "meetings:write"], days="30")
    token = re.search(r"mtx_[\w-]{40,}", page.text)
    assert token, page.text
    return httpx.Client(base_url=f"{site.base_url}/api/v1", headers={"Authorization": f"Bearer {token[0]}"}, timeout=20)


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_an_event_arrives_signed_however_the_receiver_was(site: Stack, receiver: Receiver) -> None:
    with program(site, "Ada") as ada:
        made = ada.post("/webhooks", json={"url": receiver.url, "events": ["meeting.ended"]}).json()
        log = f"/webhooks/{made['id']}/deliveries"
        meeting = ada.post("/meetings", json={"title": "Retro"}).json()
        assert ada.post(f"/meetings/{meeting['id']}/end").status_code == httpx.codes.OK
        until(lambda: ada.get(log).json()["items"][0]["attempts"] >= 1)  # nobody is there yet
        receiver.start()
        until(lambda: ada.get(log).json()["items"][0]["state"] == "delivered", 90)  # after its 500
        entry = ada.get(log).json()["items"][0]
        assert (entry["status_code"], entry["error"]) == (200, "")
        assert entry["attempts"] >= 3
        first, second = receiver.heard
        assert first["body"] == second["body"]
        envelope = json.loads(second["body"])
        assert (envelope["event_type"], envelope["data"]["meeting_id"]) == ("meeting.ended", meeting["id"])
        assert first["headers"]["Webhook-Id"] == second["headers"]["Webhook-Id"] == envelope["event_id"]
        assert signed_by(made["secret"], second)
        again = ada.post(f"{log}/{entry['id']}/replay").json()
        until(lambda: len(receiver.heard) == 3)
        assert receiver.heard[2]["headers"]["Webhook-Id"] == envelope["event_id"] == again["event_id"]


def signed_by(secret: str, request: dict[str, Any]) -> bool:
    headers = request["headers"]
    assert abs(time.time() - int(headers["Webhook-Timestamp"])) < 60
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.{request['body']}".encode()
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return bool(headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}")


def test_a_private_network_that_is_not_allowed_is_not_called(site: Stack, tmp_path: Path) -> None:
    """127.0.0.2 is this machine too, but not the address that was allowed."""
    away = Receiver(tmp_path)
    with program(site, "Grace") as grace:
        url = away.url.replace("127.0.0.1", "127.0.0.2")
        made = grace.post("/webhooks", json={"url": url, "events": ["meeting.ended"]}).json()
        grace.post(f"/webhooks/{made['id']}/test")
        log = f"/webhooks/{made['id']}/deliveries"
        entry = until(lambda: [one for one in grace.get(log).json()["items"] if one["attempts"]])[0]
        assert (entry["state"], entry["status_code"]) == ("pending", None)
        assert "private network" in entry["error"]
