"""What the documents say, the same in each of them. Every text here is one line."""

from meetings.exports.minutes import Attendee, Item, Line, Minutes
from meetings.names import INVISIBLE
from meetings.times import duration

ATTENDANCE = ("Name", "Present", "Talk time")
ACTIONS = ("Task", "Owner", "Due", "Status", "Said at")


def one_line(text: str) -> str:
    """Text without anything that could begin a new line or turn its direction."""
    return " ".join(INVISIBLE.sub(" ", text).split())


def facts(minutes: Minutes) -> list[tuple[str, str]]:
    """What stands at the head of the minutes."""
    known = [
        ("Date", minutes.date or "not started"),
        ("Time", minutes.when),
        ("Duration", minutes.duration),
        ("Place", one_line(minutes.place)),
        ("Host", one_line(minutes.host)),
        ("Chair", one_line(minutes.chair)),
        ("Absent", ", ".join(map(one_line, minutes.absent))),
        ("Status", minutes.status),
    ]
    return [(label, value) for label, value in known if value]


def agenda_items(agenda: str) -> list[str]:
    return [item for item in map(one_line, agenda.splitlines()) if item]


def attendance(minutes: Minutes) -> list[str]:
    """ "Ada (host), 14:00–15:05, spoke 12 min (40 %)", one for each who entered."""
    rows = attendance_rows(minutes)
    return [f"{name}, {present}" + (f", spoke {talk}" if talk else "") for name, present, talk in rows]


def attendance_rows(minutes: Minutes) -> list[tuple[str, str, str]]:
    """As `ATTENDANCE` heads them."""
    return [
        (
            one_line(person.name) + (" (host)" if person.is_host else ""),
            f"{person.joined}–{person.left}",
            _talk_time(person, minutes.spoken_ms),
        )
        for person in minutes.attendees
    ]


def action_rows(minutes: Minutes) -> list[tuple[str, ...]]:
    """As `ACTIONS` heads them."""
    return [
        (one_line(action.text), one_line(action.owner), action.due, _status(action), action.clock)
        for action in minutes.actions
    ]


def _status(action: Item) -> str:
    return "done" if action.done else "open"


def paragraphs(text: str) -> list[str]:
    return [paragraph for paragraph in map(one_line, text.splitlines()) if paragraph]


def _talk_time(person: Attendee, spoken_ms: int) -> str:
    """ "12 min (40 %)" of all that was spoken; "" for somebody who said nothing."""
    if not person.spoke_ms:
        return ""
    return f"{duration(person.spoke_ms)} ({round(100 * person.spoke_ms / spoken_ms)} %)"


def item(marked: Item) -> str:
    """ "Send the figures · owner: Grace · due: 2026-03-09 [12:05]"."""
    parts = [
        one_line(marked.text),
        *(f"{label}: {value}" if label else value for label, value in _particulars(marked) if value),
    ]
    said = " · ".join(parts)
    return f"{said} [{marked.clock}]" if marked.clock else said


def _particulars(marked: Item) -> list[tuple[str, str]]:
    return [("owner", one_line(marked.owner)), ("due", marked.due), ("", "done" if marked.done else "")]


def gap_note(line: Line) -> str:
    name = one_line(line.name)
    return f"{line.gap_seconds or 0:.1f} s of audio{f' from {name}' if name else ''} did not arrive"
