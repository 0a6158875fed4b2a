"""The Celery application: `celery -A config worker` and `celery -A config beat`."""

import os

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


signals.worker_process_init.connect(_begin, weak=False)
