"""The operators' page: for administrators alone, figures of all processes with names, an hour of history."""

import time
from functools import partial
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from celery import signals
from django.test import Client
from pytest_django import Settings

from config.celery import _begin_beat, _note
from meetings.models import AudioStream, Meeting, User
from meetings.redis import redis_client, with_redis
from meetings.services import operations, periodic, transcribers
from meetings.services.measurements import SHEETS, Sheet
from tests.meetings.cast import signed_in
from transcription.latency import LatencyMeter, Source, Stage

pytestmark = pytest.mark.django_db

LIMIT_MS = 2_000


@pytest.fixture(autouse=True)
def nothing_measured() -> None:
    with_redis(_forget)


async def _forget() -> None:
    await redis_client().delete(SHEETS, operations.HISTORY, operations.TURN, transcribers.REPORTS, periodic.ASKED_AT)


@pytest.fixture
def stream(meeting: Meeting) -> AudioStream:
    return AudioStream.objects.create(participant=meeting.participants.get(), offset_ms=0)


def measured(stream: AudioStream, process: str, times: dict[Stage, list[float]]) -> None:
    """Puts the sheet of a process that measured these times into Redis."""
    meter = LatencyMeter(LIMIT_MS)
    source = Source(str(stream.participant.meeting_id), str(stream.pk))
    for stage, values in times.items():
        for ms in values:
            meter.record(source, stage, ms)
    sheet = Sheet(time.time(), "", meter.whole(), list(meter.by_source().items()))
    with_redis(partial(_put, process, sheet))


async def _put(process: str, sheet: Sheet) -> None:
    await redis_client().hset(SHEETS, process, msgspec.json.encode(sheet))


def figures(user: User) -> dict[str, Any]:
    answer = signed_in(user).get("/operations/figures")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("path", ["/operations/", "/operations/figures"])
def test_only_administrators_may_look(path: str, ada: User, admin: User) -> None:
    for stranger in (Client(), signed_in(ada)):
        answer = stranger.get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")
    assert signed_in(admin).get(path).status_code == 200
    assert signed_in(admin).post(path).status_code == 405


def test_the_way_there_is_shown_to_administrators_alone(ada: User, admin: User) -> None:
    assert b"/operations/" in signed_in(admin).get("/").content
    assert b"/operations/" not in signed_in(ada).get("/").content


def test_the_processes_figures_are_one_picture(admin: User, stream: AudioStream) -> None:
    measured(stream, "web-a-1", {"network": [20, 40], "caption": [500, 700, 800, 2_500]})
    measured(stream, "transcriber-b-2", {"inference": [100], "network": [30]})
    found = figures(admin)
    assert found["limit_ms"] == LIMIT_MS
    assert found["stages"]["caption"]["violation_rate"] == 0.25
    assert found["stages"]["caption"]["max_ms"] == 2_500
    assert found["stages"]["network"]["count"] == 3
    assert found["now"]["late"] == 0.25
    assert [process["name"] for process in found["processes"]] == ["transcriber-b-2", "web-a-1"]


def test_a_speaker_is_named_with_the_meeting_the_slowest_first(
    admin: User, meeting: Meeting, stream: AudioStream, django_assert_max_num_queries: Any
) -> None:
    speaker = meeting.participants.create(display_name="Grace", role="guest", color=1)
    slow = AudioStream.objects.create(participant=speaker, offset_ms=0)
    measured(stream, "web-a-1", {"caption": [500]})
    measured(slow, "web-b-1", {"caption": [900]})
    measured(slow, "transcriber-a-1", {"queue": [700]})
    browser = signed_in(admin)
    with django_assert_max_num_queries(3):  # session, user, names
        lines = browser.get("/operations/figures").json()["streams"]
    assert [(line["speaker"], line["meeting"]) for line in lines] == [("Grace", meeting.title), ("Ada", meeting.title)]
    assert set(lines[0]["stages"]) == {"queue", "caption"}


def test_a_stream_that_was_deleted_is_left_out(admin: User, stream: AudioStream) -> None:
    measured(stream, "web-a-1", {"caption": [500]})
    AudioStream.objects.all().delete()
    assert figures(admin)["streams"] == []


def test_of_all_processes_one_writes_a_moment(admin: User, stream: AudioStream) -> None:
    measured(stream, "web-a-1", {"caption": [500, 500]})
    for _ in range(3):
        with_redis(operations.remember)
    history = figures(admin)["history"]
    assert len(history) == 1
    assert history[0]["p50_ms"]["caption"] == pytest.approx(500, rel=0.05)


def test_the_history_is_bounded(monkeypatch: pytest.MonkeyPatch, admin: User) -> None:
    monkeypatch.setattr(operations, "KEPT_MOMENTS", 3)
    for _ in range(5):
        with_redis(partial(_next_turn))
    assert len(figures(admin)["history"]) == 3


async def _next_turn() -> None:
    await redis_client().delete(operations.TURN)
    await operations.remember()


def test_redis_away_is_said_and_no_error_page(admin: User, settings: Settings) -> None:
    browser = signed_in(admin)
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    answer = browser.get("/operations/figures")
    assert answer.status_code == 503
    assert b"hunter2" not in answer.content


def test_a_clock_of_periodic_work_that_stands_still_is_an_alarm(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert figures(admin)["beat_is_silent"]
    periodic.note()
    assert not figures(admin)["beat_is_silent"]
    later = time.time() + periodic.SILENT_SECONDS + 1
    monkeypatch.setattr("meetings.services.periodic.time", Mock(time=lambda: later))
    assert figures(admin)["beat_is_silent"]


def test_beat_says_when_it_asks_for_work(admin: User) -> None:
    _begin_beat()
    try:
        signals.after_task_publish.send(sender="meetings.tasks.expire_presence")
    finally:
        signals.after_task_publish.disconnect(_note)
    assert not figures(admin)["beat_is_silent"]
