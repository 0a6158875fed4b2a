"""The Grafana dashboard and the documentation name metrics that exist."""

import json
import re
from pathlib import Path

import pytest

from config.measured_tasks import begun, ended
from meetings.measures import measures, refusals, registry, sockets
from meetings.services import periodic
from meetings.services.exposition import all_metrics
from transcription.latency import STAGES, Source

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[2] / "docs"
METRIC = re.compile(r"\b((?:transcription|meeting|log)_[a-z_]+)")


class FakeTask:
    name = "meetings.tasks.expire_presence"


@pytest.fixture
def exposed() -> str:
    """The exposition of a process that has done a little of everything."""
    for stage in STAGES:
        measures.took(Source("meeting", "stream"), stage, 100)
    sockets.labels("room").inc(0)
    refusals.labels("room", "1012").inc(0)
    periodic.note()
    begun("1")
    ended("1", FakeTask(), "SUCCESS")
    return all_metrics().decode()


def names(text: str) -> set[str]:
    return set(METRIC.findall(text))


def test_every_query_of_the_dashboard_asks_for_something_that_exists(exposed: str) -> None:
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = names(" ".join(queries))
    assert len(asked) > 10
    assert asked <= names(exposed) | {"log_records_total"}


def test_every_metric_is_documented(exposed: str) -> None:
    documented = (DOCS / "operations.md").read_text()
    for metric in registry.collect():
        assert metric.name in documented, metric.name


def test_a_task_is_counted_and_timed_by_its_name(exposed: str) -> None:
    line = next(line for line in exposed.splitlines() if line.startswith("meeting_tasks_total"))
    assert 'state="success"' in line
    assert 'task="meetings.tasks.expire_presence"' in line
