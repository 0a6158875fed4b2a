"""How many requests a token may make, and that it is told."""

from types import SimpleNamespace

import pytest
from pytest_django import Settings
from redis import Redis
from redis.exceptions import RedisError

from meetings.api import limits
from meetings.models import User
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_a_minute(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENVIRONMENT = SimpleNamespace(api_requests_per_minute=3)
    monkeypatch.setattr("meetings.api.limits.time.time", lambda: 1_200_000_015.0)
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(*client.keys("api:*"), "none")


def test_every_answer_says_how_many_requests_are_left(ada: User) -> None:
    program = Program(ada)
    left = []
    for _ in range(3):
        program.get("/meetings")
        left.append(program.answer["RateLimit-Remaining"])
    assert left == ["2", "1", "0"]
    assert (program.answer["RateLimit-Limit"], program.answer["RateLimit-Reset"]) == ("3", "45")


def test_beyond_the_limit_it_is_told_when_to_come_back(ada: User, eve: User) -> None:
    program = Program(ada)
    for _ in range(3):
        program.get("/meetings")
    assert program.get("/meetings", 429)["code"] == "too_many_requests"
    assert program.answer["Retry-After"] == "45"
    Program(ada).get("/meetings")
    Program(eve).get("/meetings")


def test_the_next_minute_is_another(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(ada)
    for _ in range(4):
        program.client.get("/api/v1/meetings")
    monkeypatch.setattr("meetings.api.limits.time.time", lambda: 1_200_000_060.0)
    program.get("/meetings")


def test_refusals_count_too(ada: User) -> None:
    program = Program(ada, "segments:write")
    for _ in range(3):
        program.get("/meetings", 403)
    program.get("/meetings", 429)


def test_without_redis_nobody_is_refused(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(key: str) -> int:
        raise RedisError

    monkeypatch.setattr(limits, "_increment", away)
    program = Program(ada)
    for _ in range(5):
        program.get("/meetings")
    assert "RateLimit-Limit" not in program.answer
