"""Minutes as PDF: tagged, with bookmarks and page numbers, made by WeasyPrint of a page that loads nothing."""

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.template.loader import render_to_string

from meetings.exports import wording
from meetings.exports.minutes import AgendaItem, ExportUnavailable, Item, Line, Minutes
from meetings.exports.printer import NO_PANGO
from meetings.exports.wording import one_line
from meetings.languages import direction

AT_ONCE = 2  # of one web process
TIMEOUT_S = 240
_printers = BoundedSemaphore(AT_ONCE)
_STYLE = Path(__file__).with_name("pdf.css")
_PRINTER = [sys.executable, "-P", str(Path(__file__).with_name("printer.py")), str(_STYLE)]
_FAILED = "Printing failed: take another format."
_NEEDED = (
    "PDF needs the system library Pango, which is not installed on the server. "
    "On Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu"
)


def render_pdf(minutes: Minutes) -> bytes:
    """Raises ExportUnavailable: the system has no Pango, too many print at once, or it took longer than TIMEOUT_S."""
    page = render_to_string("exports/minutes.html", _context(minutes))
    if not _printers.acquire(blocking=False):
        raise ExportUnavailable("Other documents are being printed: try again in a moment.")
    try:
        return _printed(page)
    finally:
        _printers.release()


def _printed(page: str) -> bytes:
    try:
        done = subprocess.run(_PRINTER, input=page.encode(), capture_output=True, timeout=TIMEOUT_S, check=True)
    except subprocess.TimeoutExpired as slow:
        raise ExportUnavailable("This took too long to print: leave out the transcript, or take Word.") from slow
    except subprocess.CalledProcessError as failed:
        raise ExportUnavailable(_NEEDED if failed.returncode == NO_PANGO else _FAILED) from failed
    return done.stdout


def _context(minutes: Minutes) -> dict[str, Any]:
    return {
        "minutes": minutes,
        "title": one_line(minutes.title),
        "language": minutes.language or "en",
        "facts": wording.facts(minutes),
        "people": [_person(row) for row in wording.attendance_rows(minutes)],
        "summary": [_text(paragraph) for paragraph in wording.paragraphs(minutes.summary)],
        "agenda": [_agenda(entry) for entry in minutes.agenda],
        "next_meeting": [_text(paragraph) for paragraph in wording.paragraphs(minutes.next_meeting)],
        "decisions": [_item(marked) for marked in minutes.decisions],
        "actions": [_item(marked) for marked in minutes.actions],
        "notes": [_item(marked) for marked in minutes.notes],
        "lines": [_line(line) for line in minutes.lines] if minutes.has_transcript else [],
    }


def _text(text: str) -> dict[str, str]:
    shown = one_line(text)
    return {"text": shown, "dir": direction("", shown)}


def _agenda(entry: AgendaItem) -> dict[str, Any]:
    return _text(entry.title) | {"discussion": [_text(row) for row in wording.paragraphs(entry.discussion)]}


def _person(row: tuple[str, str, str]) -> dict[str, str]:
    name, present, talk = row
    return {"name": name, "present": present, "talk": talk}


def _item(marked: Item) -> dict[str, str]:
    return _text(marked.text) | {
        "owner": one_line(marked.owner),
        "due": marked.due,
        "done": "done" if marked.done else "open",
        "clock": marked.clock,
    }


def _line(line: Line) -> dict[str, str]:
    head = {"clock": line.clock, "name": one_line(line.name), "lang": line.language}
    if line.gap_seconds is not None:
        return head | {"gap": wording.gap_note(line)}
    return head | _text(line.text)
