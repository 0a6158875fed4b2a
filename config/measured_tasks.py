"""A worker's process counts and times its tasks and reports after each."""

import time
from contextlib import suppress
from functools import partial

from celery import Task, signals
from redis.exceptions import RedisError

from meetings.measures import task_seconds, tasks
from meetings.redis import with_redis
from meetings.services import measurements
from transcription.errors import BusUnavailable

_began: dict[str, float] = {}  # by task id; a process runs one task at a time


def measure_tasks() -> None:
    signals.task_prerun.connect(begun, weak=False)
    signals.task_postrun.connect(ended, weak=False)


def begun(task_id: str, **_: object) -> None:
    _began[task_id] = time.monotonic()


def ended(task_id: str, task: "Task", state: str | None = None, **_: object) -> None:
    tasks.labels(task.name, (state or "unknown").lower()).inc()
    task_seconds.labels(task.name).observe(time.monotonic() - _began.pop(task_id, time.monotonic()))
    with suppress(RedisError, BusUnavailable):  # the next task reports
        with_redis(partial(measurements.report, "worker"))
