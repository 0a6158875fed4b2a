"""What waits for workers and what failed, counted in the store for the metrics."""

from typing import Any

from django.db import DatabaseError
from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily

from meetings.models import Delivery, Document, Job, Proposal, SecondPass

JOBS: dict[str, Any] = {
    "recording": Job,
    "second_pass": SecondPass,
    "document": Document,
    "proposal": Proposal,
}
COUNTED = (Delivery.State.PENDING, Delivery.State.FAILED)  # of those that arrived there is a log


def backlog() -> list[GaugeMetricFamily]:
    """Without Postgres only that it is away."""
    try:
        return [_postgres_up(True), _jobs(), _deliveries()]
    except DatabaseError:
        return [_postgres_up(False)]


def _postgres_up(up: bool) -> GaugeMetricFamily:
    return GaugeMetricFamily("meeting_postgres_up", "Whether Postgres answers", value=float(up))


def _jobs() -> GaugeMetricFamily:
    family = GaugeMetricFamily("meeting_jobs", "Jobs that are kept, by kind and status", labels=["kind", "status"])
    for kind, model in JOBS.items():
        found = dict(model.objects.values_list("stage").annotate(Count("pk")).order_by())
        for stage in model.Stage.values:
            family.add_metric([kind, stage], found.get(stage, 0))
    return family


def _deliveries() -> GaugeMetricFamily:
    family = GaugeMetricFamily("meeting_webhook_deliveries", "Deliveries of webhooks, by state", labels=["state"])
    rows = Delivery.objects.filter(state__in=COUNTED, webhook__disabled_at=None)
    found = dict(rows.values_list("state").annotate(Count("pk")).order_by())
    for state in COUNTED:
        family.add_metric([state], found.get(state, 0))
    return family
