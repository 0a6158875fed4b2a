"""The Celery application: `celery -A config worker` and `celery -A config beat`."""

import os
from contextlib import suppress

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _begin(**_: object) -> None:
    """In each process that runs tasks; Django is set up by now."""
    from django.conf import settings

    from config.measured_tasks import measure_tasks
    from config.observing import observe

    observe(settings.ENVIRONMENT, "worker")
    measure_tasks()


def _note(**_: object) -> None:
    from redis.exceptions import RedisError

    from meetings.services import periodic

    with suppress(RedisError):  # the next task says it again
        periodic.note()


def _begin_beat(**_: object) -> None:
    """In the process that asks for periodic work."""
    from django.conf import settings

    from config.observing import observe

    observe(settings.ENVIRONMENT, "beat")
    signals.after_task_publish.connect(_note, weak=False)


signals.worker_process_init.connect(_begin, weak=False)
signals.beat_init.connect(_begin_beat, weak=False)
