"""Minutes as PDF: tagged, with bookmarks and page numbers, made by WeasyPrint of a page that loads nothing."""

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from signal import SIGKILL
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Timer
from typing import Any

from django.template.loader import render_to_string

from meetings.exports import wording
from meetings.exports.minutes import AgendaItem, ExportUnavailable, Item, Line, Minutes, Progress, unheard
from meetings.exports.printer import NO_PANGO, NO_ROOM
from meetings.exports.wording import one_line
from meetings.languages import direction

AT_ONCE = 2  # of one web process
TIMEOUT_S = 240
_printers = BoundedSemaphore(AT_ONCE)
_STYLE = Path(__file__).with_name("pdf.css")
_PRINTER = [sys.executable, "-P", str(Path(__file__).with_name("printer.py")), str(_STYLE)]
_PAGE = re.compile(r"Page (\d+)")
LAYOUT_SHARE = 0.7
ROW_CHARACTERS, PAGE_ROWS = 90, 42
_WORDS = {
    "attendees": "Attendees",
    "agenda": "Agenda",
    "decisions": "Decisions",
    "action_items": "Action items",
    "notes": "Notes",
    "next_meeting": "Next meeting",
    "insight": "Insight",
    "transcript": "Transcript",
    "page": "Page",
    "of": "of",
}
_SLOW = "This took too long to print: leave out the transcript, or take Word."
_FAILED = "Printing failed: take another format."
_NEEDED = (
    "PDF needs the system library Pango, which is not installed on the server. "
    "On Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu"
)


def render_pdf(minutes: Minutes, progress: Progress = unheard) -> bytes:
    """Raises ExportUnavailable: the system has no Pango, too many print at once, or it took longer than TIMEOUT_S.

    OSError: the disk is full.
    """
    page = render_to_string("exports/minutes.html", _context(minutes))
    if not _printers.acquire(blocking=False):
        raise ExportUnavailable("Other documents are being printed: try again in a moment.")
    try:
        return _printed(page, partial(_tell, progress, _expected_pages(minutes)))
    finally:
        _printers.release()


def _printed(page: str, hear: Callable[[str], None]) -> bytes:
    with TemporaryFile() as given, TemporaryFile() as made:
        given.write(page.encode())
        given.seek(0)
        with subprocess.Popen(_PRINTER, stdin=given, stdout=made, stderr=subprocess.PIPE, text=True) as printer:
            late = Timer(TIMEOUT_S, printer.kill)
            late.start()
            try:
                for said in printer.stderr or ():
                    hear(said)
                status = printer.wait()
            finally:
                late.cancel()
                printer.kill()  # when `hear` ended it
        if status == NO_ROOM:
            raise OSError(errno.ENOSPC, "no room to print")
        if status:
            raise ExportUnavailable({NO_PANGO: _NEEDED, -SIGKILL: _SLOW}.get(status, _FAILED))
        made.seek(0)
        return made.read()


def _tell(progress: Progress, expected_pages: float, said: str) -> None:
    """The layout takes most of the time, page by page; what follows says nothing until it is done."""
    if page := _PAGE.search(said):
        progress(min(LAYOUT_SHARE, LAYOUT_SHARE * int(page[1]) / expected_pages))


def _expected_pages(minutes: Minutes) -> float:
    rows = sum(1 + len(line.text) // ROW_CHARACTERS for line in minutes.lines) if minutes.has_transcript else 0
    return 1 + rows / PAGE_ROWS


def _context(minutes: Minutes) -> dict[str, Any]:
    has_clocks = any(action.clock for action in minutes.actions)
    return {
        "minutes": minutes,
        "title": one_line(minutes.title),
        "language": minutes.labels,
        "kind": wording.kind(minutes),
        "words": {name: minutes.say(english) for name, english in _WORDS.items()},
        "facts": wording.facts(minutes),
        "people_heads": wording.heads(minutes, wording.ATTENDANCE),
        "people": [_person(row) for row in wording.attendance_rows(minutes)],
        "summary_head": wording.summary_head(minutes),
        "summary": [_text(paragraph) for paragraph in wording.paragraphs(minutes.summary)],
        "agenda": [_agenda(entry) for entry in minutes.agenda],
        "next_meeting": [_text(paragraph) for paragraph in wording.paragraphs(minutes.next_meeting)],
        "decisions": [_item(minutes, marked) for marked in minutes.decisions],
        "action_heads": wording.heads(minutes, wording.ACTIONS if has_clocks else wording.ACTIONS[:-1]),
        "actions_have_clocks": has_clocks,
        "actions": [_item(minutes, marked) for marked in minutes.actions],
        "insight_heads": wording.heads(minutes, wording.INSIGHT),
        "insight": wording.insight_rows(minutes),
        "notes": [_item(minutes, marked) for marked in minutes.notes],
        "lines": [_line(minutes, line) for line in minutes.lines] if minutes.has_transcript else [],
    }


def _text(text: str) -> dict[str, str]:
    shown = one_line(text)
    return {"text": shown, "dir": direction("", shown)}


def _agenda(entry: AgendaItem) -> dict[str, Any]:
    return _text(entry.title) | {"discussion": [_text(row) for row in wording.paragraphs(entry.discussion)]}


def _person(row: tuple[str, str, str]) -> dict[str, str]:
    name, present, talk = row
    return {"name": name, "present": present, "talk": talk}


def _item(minutes: Minutes, marked: Item) -> dict[str, str]:
    return _text(wording.item_text(minutes, marked)) | {
        "owner": one_line(marked.owner),
        "due": marked.due,
        "done": minutes.say("done" if marked.done else "open"),
        "clock": marked.clock,
    }


def _line(minutes: Minutes, line: Line) -> dict[str, str]:
    head = {"clock": line.clock, "name": one_line(line.name), "lang": line.language}
    if line.gap_seconds is not None:
        return head | {"gap": wording.gap_note(minutes, line)}
    return head | _text(line.text)
