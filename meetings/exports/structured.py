"""The minutes for programs: JSON as `minutes.schema.json` beside this file has it, and CSV, one row a line."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meetings.exports.minutes import Attendee, Item, Line, Minutes
from meetings.exports.wording import one_line

VERSION = 1  # rises when a reader of the JSON has to change
SCHEMA = Path(__file__).with_name("minutes.schema.json")
_COLUMNS = ("start", "end", "speaker", "kind", "text", "language", "confidence", "corrected")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def render_json(minutes: Minutes) -> str:
    document = {
        "version": VERSION,
        "title": minutes.title,
        "date": minutes.date or None,
        "start": minutes.start or None,
        "end": minutes.end or None,
        "time_zone": minutes.zone or None,
        "language": minutes.language or None,
        "host": minutes.host or None,
        "attendees": [_attendee(person) for person in minutes.attendees],
        "absent": list(minutes.absent),
        "place": minutes.place or None,
        "chair": minutes.chair or None,
        "status": f"approved by {minutes.approved_by}" if minutes.approved_by else minutes.status,
        "transcript_approved": minutes.transcript_approved,
        "summary": minutes.summary or None,
        "summary_machine_made": minutes.machine_summary,
        "next_meeting": minutes.next_meeting or None,
        "agenda": [{"title": entry.title, "discussion": entry.discussion or None} for entry in minutes.agenda],
        "decisions": [_item(marked) for marked in minutes.decisions],
        "actions": [_action(marked) for marked in minutes.actions],
        "notes": [_item(marked) for marked in minutes.notes],
        "insight": [asdict(talk) for talk in minutes.insight],
        "lines": [_line(line) for line in minutes.lines] if minutes.has_transcript else [],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _attendee(person: Attendee) -> dict[str, Any]:
    return {
        "name": person.name,
        "host": person.is_host,
        "joined": person.joined or None,
        "left": person.left or None,
        "spoke_ms": person.spoke_ms,
    }


def _item(marked: Item) -> dict[str, Any]:
    return {
        "text": marked.text,
        "at_ms": marked.at_ms,
        "evidence": list(marked.evidence),
        "author": marked.author or None,
        "machine_made": marked.machine,
    }


def _action(marked: Item) -> dict[str, Any]:
    return _item(marked) | {"owner": marked.owner or None, "due": marked.due or None, "done": marked.done}


def _line(line: Line) -> dict[str, Any]:
    return {
        "sequence": line.sequence,
        "kind": _kind(line),
        "start_ms": line.start_ms,
        "end_ms": line.end_ms,
        "speaker": line.name or None,
        "text": line.text,
        "language": line.language or None,
        "confidence": None if line.confidence is None else round(line.confidence, 3),
        "corrected": line.corrected,
        "words": [{"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms} for word in line.words],
    }


def _kind(line: Line) -> str:
    return "speech" if line.gap_seconds is None else "gap"


def render_csv(minutes: Minutes) -> str:
    """RFC 4180 with the mark by which spreadsheets know UTF-8; times are seconds."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(_COLUMNS)
    writer.writerows([cell(value) for value in _row(line)] for line in minutes.lines)
    return "\ufeff" + sheet.getvalue()


def _row(line: Line) -> tuple[str, ...]:
    confidence = "" if line.confidence is None else f"{line.confidence:.3f}"
    corrected = "yes" if line.corrected else "no"
    start, end = f"{line.start_ms / 1_000:.3f}", f"{line.end_ms / 1_000:.3f}"
    return start, end, line.name, _kind(line), line.text, line.language, confidence, corrected


def cell(value: str) -> str:
    """A value that no spreadsheet calculates: what would begin a formula gets an apostrophe before it."""
    shown = one_line(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
