"""Documents made of a meeting: one builder, one renderer per format."""

from collections.abc import Callable
from dataclasses import dataclass

from meetings.exports.markdown import render_markdown
from meetings.exports.minutes import Minutes, build_minutes
from meetings.exports.plain import render_plain

__all__ = ["FORMATS", "Format", "Minutes", "build_minutes"]


@dataclass(frozen=True, slots=True)
class Format:
    content_type: str
    render: Callable[[Minutes], str]


FORMATS = {
    "md": Format("text/markdown; charset=utf-8", render_markdown),
    "txt": Format("text/plain; charset=utf-8", render_plain),
}
