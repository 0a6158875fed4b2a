"""Lists a page at a time: the cursor names the last row that was given, so nothing is skipped or doubled."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema

from meetings.api.problems import invalid

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")

MAX_CURSOR = 400


class Page(Schema, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(description="Of the page that follows; null on the last one.")


class PageQuery(Schema):
    limit: int = Field(50, ge=1, le=200)
    cursor: str = Field("", max_length=MAX_CURSOR, description="`next_cursor` of the page before.")


@dataclass(frozen=True, slots=True)
class Order:
    """Columns that are never null and together name one row; each with how its value is read back from a cursor."""

    columns: tuple[tuple[str, Callable[[str], Any]], ...]
    newest_first: bool = False

    @property
    def names(self) -> list[str]:
        sign = "-" if self.newest_first else ""
        return [sign + name for name, _ in self.columns]


BY_NEWEST = Order((("created_at", datetime.fromisoformat), ("id", UUID)), newest_first=True)
BY_SEQUENCE = Order((("sequence", int),))
BY_JOINING = Order((("color", int), ("id", UUID)))
BY_REVISION = Order((("revision", int),))
BY_TIME = Order((("at_ms", int), ("id", UUID)))


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """A page before it is written down as `Page`."""

    items: list[Row]
    next_cursor: str | None


def page_of(rows: QuerySet[Row], order: Order, query: PageQuery) -> Rows[Row]:
    """One page; raises Problem 422 for a cursor that is none of ours."""
    if query.cursor:
        rows = rows.filter(_after(order, _read_cursor(order, query.cursor)))
    found = list(rows.order_by(*order.names)[: query.limit + 1])
    if len(found) <= query.limit:
        return Rows(found, None)
    return Rows(found[: query.limit], _cursor(order, found[query.limit - 1]))


def _after(order: Order, values: Sequence[Any]) -> Q:
    """Rows beyond these values: (a, b) > (x, y)."""
    direction = "lt" if order.newest_first else "gt"
    condition, same = Q(), Q()
    for (name, _), value in zip(order.columns, values, strict=True):
        condition |= same & Q(**{f"{name}__{direction}": value})
        same &= Q(**{name: value})
    return condition


def _cursor(order: Order, row: Model) -> str:
    values = [getattr(row, name) for name, _ in order.columns]
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode()


def _read_cursor(order: Order, cursor: str) -> list[Any]:
    try:
        texts = json.loads(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
        values = [read(str(text)) for (_, read), text in zip(order.columns, texts, strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise invalid("query.cursor", "is not one that this list gave") from error
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in values):
        raise invalid("query.cursor", "is not one that this list gave")
    return values
