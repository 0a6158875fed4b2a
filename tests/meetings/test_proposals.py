"""What a language model proposes for the minutes: asked in a process of its own, refused without evidence, labelled."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meetings.models import Meeting, Minutes, Proposal, User
from meetings.services import findings, proposals
from tests.meetings.cast import ended, say, signed_in
from tests.meetings.test_writing_minutes import filled
from tests.stack import ROOT, free_port

pytestmark = pytest.mark.django_db
Model = Callable[..., None]
Asked = Callable[[], list[dict[str, Any]]]
KEY = "sk-only-for-tests"
GOOD = {
    "summary": [{"text": "The budget was discussed.", "evidence": [1, 2]}],
    "decisions": [{"text": "The budget stays as it is.", "evidence": [2]}],
    "actions": [{"text": "Send the figures.", "owner": "Ada", "evidence": [3]}],
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The rules of a model's server that runs, and its address."""
    path, port = tmp_path_factory.mktemp("model") / "rules.json", free_port()
    command = [sys.executable, "-m", "tests.language_model_server", str(port), str(path)]
    server = subprocess.Popen(command, cwd=ROOT)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        _until_up(url)
        yield path, url
    finally:
        server.kill()
        server.wait()


def _until_up(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the model's server does not start")


@pytest.fixture
def model(rules: tuple[Path, str], settings: Settings) -> Model:
    """Say what the model answers from now on."""
    path, url = rules
    path.with_suffix(".asked").write_text("")
    settings.LANGUAGE_MODEL = {"url": url, "model": "tiny", "api_key": KEY, "timeout_seconds": 10.0}

    def answers(*told: dict[str, Any]) -> None:
        path.write_text(json.dumps(told))

    return answers


@pytest.fixture
def asked(rules: tuple[Path, str]) -> Asked:
    return lambda: [json.loads(line) for line in rules[0].with_suffix(".asked").read_text().splitlines()]


@pytest.fixture
def held(meeting: Meeting) -> Meeting:
    ada = meeting.participants.get(role="host")
    for at, text in enumerate(["About the budget.", "It stays as it is.", "I send the figures."], start=1):
        say(ada, at * 60_000, text)
    return ended(meeting)


def read(meeting: Meeting) -> Proposal:
    """As the page and then the worker do."""
    answer = signed_in(meeting.host).post(reverse("minutes-propose", args=[meeting.code]))
    assert answer.status_code == 302
    for proposal_id in proposals.waiting():
        proposals.read(proposal_id)
    return Proposal.objects.get(meeting=meeting)


def page(meeting: Meeting) -> str:
    return signed_in(meeting.host).get(f"/m/{meeting.code}/minutes/").content.decode()


def test_what_the_model_finds_is_offered_taken_over_and_labelled(held: Meeting, model: Model, asked: Asked) -> None:
    model({"content": GOOD})
    proposal = read(held)
    assert (proposal.stage, proposal.percent, proposal.model) == (Proposal.Stage.DONE, 100, "tiny")
    [request] = asked()
    assert (request["model"], request["authorization"]) == ("tiny", f"Bearer {KEY}")
    assert "[3] Ada: I send the figures." in request["messages"][1]["content"]
    shown = page(held)
    assert "The budget stays as it is." in shown
    assert f"/m/{held.code}/transcript/#s2" in shown
    form = filled(**{"summary": "", "decisions-0-text": "", "actions-0-text": ""})
    form["accept"] = ["m0", "m1", "m2"]
    signed_in(held.host).post(f"/m/{held.code}/minutes/", form)
    minutes = Minutes.objects.get()
    assert (minutes.summary, minutes.machine_summary) == ("The budget was discussed. [01:00]", True)
    assert minutes.decisions == [
        {"text": "The budget stays as it is.", "at_ms": 120_000, "evidence": [2], "machine": True}
    ]
    assert (minutes.actions[0]["owner"], minutes.actions[0]["machine"]) == ("Ada", True)
    text = signed_in(held.host).get(f"/m/{held.code}/minutes.txt").content.decode()
    for said in (
        "Summary (machine-made)\n----------------------\nThe budget was discussed.",
        "1. The budget stays as it is. (machine-made) [02:00]",
    ):
        assert said in text
    assert proposals.offered(held) == []
    again = {"decisions-0-machine": "True", "decisions-0-text": "Edited", "revision": "1", "accept": ["m1"]}
    signed_in(held.host).post(f"/m/{held.code}/minutes/", filled(**again))
    minutes.refresh_from_db()
    assert [(row["text"], row["machine"]) for row in minutes.decisions] == [("Edited", True)]
    assert minutes.machine_summary is False  # the host did not keep the label


def test_without_a_model_nobody_is_asked_and_cue_phrases_are_offered(held: Meeting) -> None:
    say(held.participants.get(), 200_000, "We agreed to meet again.")
    answer = signed_in(held.host).post(reverse("minutes-propose", args=[held.code]))
    assert answer.status_code == 302
    assert not Proposal.objects.exists()
    assert "Ask the language model" not in page(held)
    assert "We agreed to meet again." in page(held)


def test_what_no_line_says_is_refused(held: Meeting, model: Model) -> None:
    held.segments.filter(sequence=3).update(hidden=True)
    wrong = [
        {"text": "Invented.", "evidence": []},
        {"text": "Of another meeting.", "evidence": [99]},
        {"text": "Of a hidden line.", "evidence": [3]},
        {"text": " \u202e ", "evidence": [1]},
        {"text": "Half \x00 true.\n# x", "evidence": [1, 99]},
    ]
    actions = [{"text": "Pay.", "owner": "Mallory", "evidence": [1]}, {"text": "Go.", "owner": None, "evidence": [2]}]
    model({"content": {"decisions": wrong, "actions": actions, "more": 1}})
    found = read(held).findings
    assert [(each["text"], each["evidence"], each["owner"]) for each in found] == [
        ("Half true. # x", [1], ""),
        ("Pay.", [1], ""),
        ("Go.", [2], ""),
    ]


def test_a_long_meeting_is_read_in_parts_and_summarised_once(
    held: Meeting,
    model: Model,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for at in range(4, 24):
        say(held.participants.get(), at * 60_000, f"Word {at} " * 10)
    monkeypatch.setattr(findings, "PART_CHARACTERS", 300)
    monkeypatch.setattr(findings, "MAX_SUMMARY", 2)
    parts = [
        {"when": f"\n[{at}] Ada", "content": {"summary": [{"text": f"About {at}.", "evidence": [at]}]}}
        for at in range(4, 24)
    ]
    whole = {"when": "summarise the parts", "content": {"summary": [{"text": "Words.", "evidence": [1, 2, 900]}]}}
    model(whole, *parts, {"content": {}})
    [summary] = read(held).findings
    assert summary["text"] == "Words."
    assert len(summary["evidence"]) == 2
    questions = asked()
    assert len(questions) > 5
    assert max(len(request["messages"][1]["content"]) for request in questions) <= 600


def test_a_server_that_knows_no_json_mode_is_asked_without_and_a_fence_is_taken_off(
    held: Meeting, model: Model
) -> None:
    model({"refuses": "response_format", "content": f"```json\n{json.dumps(GOOD)}\n```"})
    assert len(read(held).findings) == 3


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"status": 401}, "The language model answered 401."),
        ({"status": 503}, "The language model answered 503."),
        ({"content": "I am sorry"}, "The language model's answer could not be read."),
        ({"content": {"summary": "text"}}, "The language model's answer could not be read."),
        ({"body": {"error": 1}}, "The language model's server does not speak OpenAI's protocol."),
        ({"body": "x" * (1 << 20)}, "The language model's answer is too long."),
        ({"seconds": 3}, "The language model did not answer within 0.5 seconds."),
    ],
)
def test_a_model_that_fails_says_why_and_can_be_asked_again(
    held: Meeting, model: Model, settings: Settings, rule: dict[str, Any], reason: str
) -> None:
    if "seconds" in rule:
        settings.LANGUAGE_MODEL = {**settings.LANGUAGE_MODEL, "timeout_seconds": 0.5}
    model(rule)
    assert (read(held).stage, read(held).reason) == (Proposal.Stage.FAILED, reason)
    assert reason.replace("'", "&#x27;") in page(held)
    settings.LANGUAGE_MODEL = {**settings.LANGUAGE_MODEL, "timeout_seconds": 10.0}
    model({"content": GOOD})
    assert read(held).stage == Proposal.Stage.DONE


def test_a_server_that_is_away_is_said(held: Meeting, settings: Settings) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    settings.LANGUAGE_MODEL = {"url": url, "model": "tiny", "api_key": "", "timeout_seconds": 5.0}
    assert read(held).reason == "The language model cannot be reached (ConnectError)."


def test_while_it_is_read_nobody_asks_again_and_cancelling_ends_it(held: Meeting, model: Model, asked: Asked) -> None:
    model({"content": GOOD})
    browser = signed_in(held.host)
    browser.post(reverse("minutes-propose", args=[held.code]))
    assert proposals.ask(held) is False
    state = browser.get(reverse("minutes-proposal-state", args=[held.code])).json()
    assert state == {"stage": "Waiting", "percent": 0, "over": False}
    assert "Cancel" in page(held)
    browser.post(reverse("minutes-propose-cancel", args=[held.code]))
    assert proposals.waiting() == []
    proposals.read(Proposal.objects.get().pk)
    assert asked() == []


def test_only_who_writes_the_minutes_asks(grace: Client, held: Meeting, model: Model, eve: User) -> None:
    model({"content": GOOD})
    path = reverse("minutes-propose", args=[held.code])
    assert grace.post(path).status_code == 403
    assert signed_in(eve).post(path).status_code == 404
    assert not Proposal.objects.exists()
    Minutes.objects.create(meeting=held, approved_at=held.ended_at)
    signed_in(held.host).post(path)
    assert not Proposal.objects.exists()
