"""Composes the product: settings, URLs, sockets, the task queue and the start of all processes."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
