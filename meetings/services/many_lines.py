"""Changes of many lines in one statement: a replacement changes thousands, and a statement for each takes a minute."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from meetings.models import Segment


def store_segments(segments: Sequence[Segment], names: Iterable[str]) -> None:
    """Store these fields of the segments, all of which are in the database already."""
    meta = Segment._meta  # noqa: SLF001  (Django documents it for programs)
    fields: list[Any] = [meta.get_field(name) for name in ("id", *names)]
    columns = [connection.ops.quote_name(field.column) for field in fields]
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    changes = ", ".join(f"{column} = new.{column}" for column in columns[1:])
    statement = (
        f"UPDATE {connection.ops.quote_name(meta.db_table)} AS line SET {changes}"  # noqa: S608  (names of the model)
        f" FROM unnest({arrays}) AS new ({', '.join(columns)}) WHERE line.id = new.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_array(segments, field) for field in fields])


def _array(segments: Sequence[Segment], field: Any) -> list[Any]:
    return [field.get_db_prep_save(getattr(segment, field.attname), connection) for segment in segments]
