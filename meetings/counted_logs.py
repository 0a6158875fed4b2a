"""Counts warnings and errors by where they come from, for the metrics."""

import logging

from meetings.measures import log_records


class CountingHandler(logging.Handler):
    """Keeps nothing of a record but its level and its logger."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        log_records.labels(record.levelname.lower(), record.name).inc()
