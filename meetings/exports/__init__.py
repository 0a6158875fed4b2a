"""Documents made of a meeting: one builder, one renderer per format."""

from collections.abc import Callable
from dataclasses import dataclass

from meetings.exports.labels import LANGUAGES as LABEL_LANGUAGES
from meetings.exports.markdown import render_markdown
from meetings.exports.minutes import ExportUnavailable, Minutes, Options, Progress
from meetings.exports.pdf import render_pdf
from meetings.exports.plain import render_plain
from meetings.exports.reading import build_minutes
from meetings.exports.structured import SCHEMA, render_csv, render_json
from meetings.exports.subtitles import render_srt, render_vtt
from meetings.exports.word import render_docx

__all__ = [
    "FORMATS",
    "LABEL_LANGUAGES",
    "SCHEMA",
    "ExportUnavailable",
    "Format",
    "Minutes",
    "Options",
    "Progress",
    "Slow",
    "build_minutes",
]


@dataclass(frozen=True, slots=True)
class Slow:
    """How a format is made of a transcript of more than `lines`: it takes many seconds, and tells how far it is."""

    lines: int
    render: Callable[[Minutes, Progress], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: how it is called, what it is for, and how it is made."""

    name: str
    purpose: str
    content_type: str
    render: Callable[[Minutes], str | bytes]
    slow: Slow | None = None


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMATS = {
    "docx": Format("Word (DOCX)", "to edit and send", _WORD, render_docx, Slow(2_000, render_docx)),
    "pdf": Format("PDF", "to print and file", "application/pdf", render_pdf, Slow(500, render_pdf)),
    "md": Format("Markdown", "for wikis and notes", "text/markdown; charset=utf-8", render_markdown),
    "txt": Format("Plain text", "for everything", "text/plain; charset=utf-8", render_plain),
    "srt": Format("SubRip (SRT)", "subtitles for video players", "application/x-subrip; charset=utf-8", render_srt),
    "vtt": Format("WebVTT", "subtitles for the web", "text/vtt; charset=utf-8", render_vtt),
    "csv": Format("CSV", "for spreadsheets", "text/csv; charset=utf-8", render_csv),
    "json": Format("JSON", "for programs", "application/json", render_json),
}
