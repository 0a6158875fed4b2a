"""/metrics: for the collector's token or an administrator, of all living processes, without anything people said."""

import logging
import time
from functools import partial

import msgspec
import pytest
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pytest_django import Settings

from meetings.models import Delivery, Job, User
from meetings.redis import redis_client, with_redis
from meetings.services import events, measurements, periodic, uploads, webhooks
from meetings.services.measurements import EXPIRES_SECONDS, SHEETS, Sheet

pytestmark = pytest.mark.django_db

TOKEN = "a-token-for-the-collector"


@pytest.fixture(autouse=True)
def collector(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    with_redis(partial(_forget_sheets))


async def _forget_sheets() -> None:
    await redis_client().delete(SHEETS)


async def _put(name: str, exposition: str, age_seconds: float = 0.0) -> None:
    sheet = Sheet(time.time() - age_seconds, exposition, {}, [])
    await redis_client().hset(SHEETS, name, msgspec.json.encode(sheet))


def samples() -> list[Sample]:
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return [sample for family in text_string_to_metric_families(answer.content.decode()) for sample in family.samples]


def values(name: str) -> dict[str, float]:
    return {sample.labels.get("process", ""): sample.value for sample in samples() if sample.name == name}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00e9"]
)
def test_a_wrong_token_gets_nothing(header: str) -> None:
    answer = Client().get("/metrics", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert b"transcription" not in answer.content


def test_without_a_configured_token_no_token_opens(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def test_administrators_may_look_and_others_may_not(admin: User, ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    assert browser.get("/metrics").status_code == 401
    browser.force_login(admin)
    assert browser.get("/metrics").status_code == 200


def test_only_reading_is_possible() -> None:
    assert Client().post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_every_process_that_lives_is_told_apart() -> None:
    with_redis(partial(_put, "web-a-1", "# TYPE x gauge\nx 1.0\n"))
    with_redis(partial(_put, "transcriber-b-2", "# TYPE x gauge\nx 2.0\n"))
    with_redis(partial(_put, "web-dead-3", "# TYPE x gauge\nx 3.0\n", EXPIRES_SECONDS + 1))
    assert values("x") == {"web-a-1": 1.0, "transcriber-b-2": 2.0}


def test_a_process_reports_itself_and_withdraws() -> None:
    with_redis(partial(measurements.report, "worker"))
    name = measurements.process_name("worker")
    assert name in values("transcription_lag_seconds")
    with_redis(partial(measurements.withdraw, "worker"))
    assert values("transcription_lag_seconds") == {}


def test_histograms_keep_their_shape() -> None:
    with_redis(partial(measurements.report, "worker"))
    buckets = [s for s in samples() if s.name == "transcription_batch_size_bucket"]
    assert buckets[-1].labels["le"] == "+Inf"
    assert not any(s.name.endswith("_created") for s in samples())


def test_redis_away_leaves_the_figures_of_this_process(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert values("meeting_redis_up") == {"": 0.0}
    assert len(values("transcription_lag_seconds")) == 1


def test_warnings_are_counted_by_logger_without_their_text() -> None:
    logging.getLogger("meetings.sink").warning("secret words of %s", "Ada")
    with_redis(partial(measurements.report, "worker"))
    counted = [s for s in samples() if s.name == "log_records_total" and s.labels["logger"] == "meetings.sink"]
    assert counted[0].labels["level"] == "warning"
    assert b"secret" not in Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content


def labelled(name: str, *labels: str) -> dict[tuple[str, ...], float]:
    return {tuple(s.labels[label] for label in labels): s.value for s in samples() if s.name == name}


def test_jobs_are_counted_by_kind_and_status(ada: User) -> None:
    for number, stage in enumerate((Job.Stage.WAITING, Job.Stage.FAILED, Job.Stage.FAILED)):
        recording = uploads.begin(ada, f"Board {number}", "", 10)
        Job.objects.filter(recording=recording).update(stage=stage)
    counted = labelled("meeting_jobs", "kind", "status")
    assert {found: count for found, count in counted.items() if count} == {
        ("recording", "waiting"): 1,
        ("recording", "failed"): 2,
    }
    assert counted["second_pass", "waiting"] == counted["document", "failed"] == counted["proposal", "waiting"] == 0


def test_deliveries_that_wait_and_that_were_given_up_are_counted(ada: User) -> None:
    webhook = webhooks.register(ada, "https://example.org/hook", ["meeting.ended"])
    made = [events.test_event(webhook) for _ in range(4)]
    for delivery, state in zip(made, (Delivery.State.FAILED, Delivery.State.DELIVERED), strict=False):
        Delivery.objects.filter(pk=delivery.pk).update(state=state)
    assert labelled("meeting_webhook_deliveries", "state") == {("pending",): 2, ("failed",): 1}
    webhooks.change(webhook, enabled=False)
    assert labelled("meeting_webhook_deliveries", "state") == {("pending",): 0, ("failed",): 0}


def test_requests_to_the_api_are_counted_by_the_class_of_their_answer() -> None:
    def refused() -> float:
        with_redis(partial(measurements.report, "web"))
        return labelled("meeting_api_requests_total", "status").get(("4xx",), 0)

    before = refused()
    Client().get("/api/v1/meetings")
    Client().get("/login/")
    assert refused() == before + 1


def test_the_clock_of_periodic_work_has_its_time() -> None:
    periodic.note()
    assert time.time() - values("meeting_beat_timestamp_seconds")[""] < 10


def test_postgres_away_leaves_what_processes_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise DatabaseError

    with_redis(partial(_put, "web-a-1", "# TYPE x gauge\nx 1.0\n"))
    monkeypatch.setattr("meetings.services.backlog._jobs", away)
    assert (values("meeting_postgres_up"), values("x")) == ({"": 0.0}, {"web-a-1": 1.0})
