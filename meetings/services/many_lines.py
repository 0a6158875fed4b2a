"""Changes of many lines in one statement: a replacement changes thousands, and a statement for each takes a minute.

The rows travel as one JSON document. In arrays every value with quotes, as words have them, is escaped twice, which
takes longer than all the rest. Statements are made of the model's own names.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection

from meetings.models import Segment, SegmentRevision


def store_segments(segments: Sequence[Segment], names: Iterable[str]) -> None:
    """Store these fields of the segments, all of which are in the database already."""
    meta = Segment._meta  # noqa: SLF001  (Django documents it for programs)
    fields: list[Any] = [meta.get_field(name) for name in ("id", *names)]
    rows = [{field.column: getattr(segment, field.attname) for field in fields} for segment in segments]
    changes = ", ".join(f"{_quoted(field.column)} = new.{_quoted(field.column)}" for field in fields[1:])
    table = _quoted(meta.db_table)
    _execute(f"UPDATE {table} AS line SET {changes} FROM {_records(fields)} WHERE line.id = new.id", rows)  # noqa: S608


def add_revisions(revisions: Sequence[SegmentRevision]) -> None:
    """Store new revisions; they get no id here."""
    meta = SegmentRevision._meta  # noqa: SLF001
    fields: list[Any] = [field for field in meta.concrete_fields if not field.primary_key]
    rows = [{field.column: field.pre_save(revision, add=True) for field in fields} for revision in revisions]
    columns = ", ".join(_quoted(field.column) for field in fields)
    table = _quoted(meta.db_table)
    _execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_records(fields)}", rows)  # noqa: S608


def _records(fields: Iterable[Any]) -> str:
    columns = ", ".join(f"{_quoted(field.column)} {field.db_type(connection)}" for field in fields)
    return f"jsonb_to_recordset(%s::jsonb) AS new ({columns})"


def _execute(statement: str, rows: Sequence[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [msgspec.json.encode(rows).decode()])


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
