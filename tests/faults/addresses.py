"""Every address of the URLconf that names a meeting or something that belongs to it."""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from django.urls import URLResolver, get_resolver

from meetings.exports import FORMATS
from meetings.models import Meeting

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def addresses_of(meeting: Meeting) -> list[str]:
    ids = [str(meeting.pk), *_belongings(meeting)]
    found: list[str] = []
    for route in _routes(get_resolver().url_patterns):
        names = PARAMETER.findall(route)
        choices = product(*(_values(name, meeting, ids) for name in names))
        found.extend("/" + _filled(route, values) for values in choices)
    return sorted(set(found))


def _filled(route: str, values: Iterable[str]) -> str:
    for value in values:
        route = PARAMETER.sub(value, route, count=1)
    return route


def _values(name: str, meeting: Meeting, ids: list[str]) -> list[str]:
    if name == "code":
        return [meeting.code]
    return list(FORMATS) if name in {"extension", "format"} else ids


def _belongings(meeting: Meeting) -> Iterator[str]:
    """Keys of all rows that point at the meeting, a few of each kind."""
    for relation in Meeting._meta.related_objects:
        for row in relation.related_model._default_manager.filter(**{relation.field.name: meeting})[:3]:
            yield str(row.pk)


def _routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Those with a parameter, written as Django's paths."""
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, route)
        elif "(" not in route and PARAMETER.search(route):
            yield route
