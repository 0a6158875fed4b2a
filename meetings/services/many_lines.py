"""Changes of many lines in one statement: a replacement changes thousands, and a statement for each takes a minute."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Identifier

from meetings.models import Segment

_UPDATE = SQL("UPDATE {table} AS line SET {values} FROM unnest({arrays}) AS new (id, {names}) WHERE line.id = new.id")


def store_segments(segments: Sequence[Segment], names: Iterable[str]) -> None:
    """Store these fields of the segments, all of which are in the database already."""
    meta = Segment._meta  # noqa: SLF001  (Django documents it for programs)
    fields = [meta.get_field(name) for name in names]
    columns = [Identifier(field.column) for field in fields]
    given = [meta.get_field("id"), *fields]
    statement = _UPDATE.format(
        table=Identifier(meta.db_table),
        values=SQL(", ").join(SQL("{0} = new.{0}").format(column) for column in columns),
        arrays=SQL(", ").join(SQL("%s::{}[]").format(SQL(field.db_type(connection))) for field in given),
        names=SQL(", ").join(columns),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_array(segments, field) for field in given])


def _array(segments: Sequence[Segment], field: Any) -> list[Any]:
    return [field.get_db_prep_save(getattr(segment, field.attname), connection) for segment in segments]
