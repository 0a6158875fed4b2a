"""Which request, connection, meeting or stream a log record belongs to: ids only, never what was said or by whom."""

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

_ids: ContextVar[Mapping[str, str]] = ContextVar("log_ids", default={})  # noqa: B039  (never changed, only replaced)


def bind(**ids: str) -> None:
    """Adds ids to all records of the running task or thread, and of the tasks that it starts."""
    _ids.set({**_ids.get(), **ids})


def bound() -> Mapping[str, str]:
    return _ids.get()


class LineFormatter(logging.Formatter):
    """For people: time, level, logger, message, ids."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s%(ids)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's name)
        record.ids = "".join(f" {name}={value}" for name, value in bound().items())
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """For programs: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **bound(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
