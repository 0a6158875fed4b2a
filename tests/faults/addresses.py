"""Every address of the URLconf that names a meeting or something that belongs to it or its host."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, product
from typing import Any

from django.db.models import Model
from django.urls import URLResolver, get_resolver

from meetings.exports import FORMATS
from meetings.models import Meeting

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
EACH = 2  # rows of a kind that are asked for
OTHER_NAMES = {"job_id": "batch"}  # of parameters: programs know a recording as a job


def belongings(meeting: Meeting) -> list[Model]:
    """The meeting, its host, what points at them, what points at that, and so on."""
    found: dict[tuple[str, Any], Model] = {}
    waiting: list[Model] = [meeting, meeting.host]
    while waiting:
        row = waiting.pop()
        if (kind_of(row), row.pk) not in found:
            found[kind_of(row), row.pk] = row
            for relation in row._meta.related_objects:
                waiting.extend(relation.related_model._default_manager.filter(**{relation.field.name: row}))
    return sorted(found.values(), key=kind_of)


def kind_of(row: Model) -> str:
    return str(row._meta.model_name)


def addresses_of(meeting: Meeting) -> list[str]:
    rows = [row for _, alike in groupby(belongings(meeting), kind_of) for row in list(alike)[:EACH]]
    found: list[str] = []
    for route in _routes(get_resolver().url_patterns):
        parts = PARAMETER.split(route)  # text, converter, name, text, converter, name, text
        texts, converters, names = parts[::3], parts[1::3], parts[2::3]
        choices = [
            _values(converter or "", name, before, meeting, rows)
            for converter, name, before in zip(converters, names, texts, strict=False)
        ]
        found.extend("/" + _filled(texts, values) for values in product(*choices))
    return sorted(set(found))


def _filled(texts: Sequence[str], values: Sequence[str]) -> str:
    return texts[0] + "".join(value + text for value, text in zip(values, texts[1:], strict=True))


def _values(converter: str, name: str, before: str, meeting: Meeting, rows: list[Model]) -> list[str]:
    """What fits a parameter: rows of the kind that it or the path before it names; otherwise one of every kind."""
    if name == "code":
        return [meeting.code]
    if name in {"extension", "format"}:
        return list(FORMATS)
    fitting = [row for row in rows if converter != "int" or isinstance(row.pk, int)]
    fitting = [row for row in fitting if converter != "uuid" or not isinstance(row.pk, int)]
    stem, place = OTHER_NAMES.get(name, name.removesuffix("_id")), before.rstrip("/").rpartition("/")[2]
    named = [row for row in fitting if kind_of(row).endswith(stem) or kind_of(row) == place]
    every = [next(alike) for _, alike in groupby(fitting, kind_of)]
    return [str(row.pk) for row in named or every]


def _routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Those with a parameter, written as Django's paths."""
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, route)
        elif "(" not in route and PARAMETER.search(route):
            yield route
