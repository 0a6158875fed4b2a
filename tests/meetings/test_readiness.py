"""`/health` says that the process lives; `/ready` says what is missing, and no secrets."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from meetings.views import health

pytestmark = pytest.mark.django_db

SECRET_URL = "redis://:hunter2@127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def transcriber(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets what the transcribers say; "ready" unless a test says otherwise."""

    def becomes(state: str) -> None:
        monkeypatch.setattr(health, "transcriber_state", lambda: state)

    becomes("ready")
    return becomes


def checks(status: int) -> dict[str, str]:
    answer = Client().get("/ready")
    assert answer.status_code == status
    assert answer.json()["ready"] is (status == 200)
    found: dict[str, str] = answer.json()["checks"]
    return found


def test_health_needs_no_store(settings: Settings) -> None:
    settings.REDIS_URL = SECRET_URL
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready_when_all_is_there() -> None:
    assert set(checks(200).values()) == {"ok"}
    assert {"postgres", "redis", "transcriber", "disk"} <= set(checks(200))


@pytest.mark.parametrize(("state", "reason"), [("loading", "loading its model"), ("absent", "no transcriber")])
def test_a_missing_transcriber_is_a_reason(transcriber: Callable[[str], None], state: str, reason: str) -> None:
    transcriber(state)
    assert reason in checks(503)["transcriber"]


def test_a_missing_redis_is_a_reason_without_its_password(settings: Settings) -> None:
    settings.REDIS_URL = SECRET_URL
    assert checks(503)["redis"] == "Redis does not answer"
    assert b"hunter2" not in Client().get("/ready").content


def test_a_missing_postgres_is_a_reason_and_no_error_page(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def cursor(self) -> None:
            raise OperationalError("password authentication failed for hunter2")

    monkeypatch.setattr(health, "connection", Away())
    answer = Client().get("/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["postgres"] == "Postgres does not answer"
    assert b"hunter2" not in answer.content


def test_a_full_or_unusable_disk_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 10**18)
    assert "MB are free" in checks(503)["disk"]
    settings.VAR_DIR = tmp_path / "a file where a folder should be"
    settings.VAR_DIR.touch()
    assert checks(503)["disk"] == "the data folder cannot be used"
