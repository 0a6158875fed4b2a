"""Minutes as plain text: `[MM:SS] Name: text`, one line each, whatever the text contains."""

from meetings.exports.minutes import Attendee, Line, Minutes
from meetings.names import INVISIBLE


def one_line(text: str) -> str:
    """Text without anything that could begin a new line or turn its direction."""
    return " ".join(INVISIBLE.sub(" ", text).split())


def render_plain(minutes: Minutes) -> str:
    title = one_line(minutes.title)
    head = [title, "=" * len(title), "", *(f"{label}: {one_line(value)}" for label, value in facts(minutes))]
    people = ["", "Attendees", "---------", *(f"- {attendance(person)}" for person in minutes.attendees)]
    agenda = ["", "Agenda", "------", *(one_line(row) for row in minutes.agenda.splitlines())] if minutes.agenda else []
    transcript = ["", "Transcript", "----------", *(transcript_line(line) for line in minutes.lines)]
    return "\n".join([*head, *people, *agenda, *transcript, ""])


def facts(minutes: Minutes) -> list[tuple[str, str]]:
    """What stands at the head of the minutes."""
    return [
        ("Date", minutes.date or "not started"),
        ("Time", minutes.when),
        ("Duration", minutes.duration),
        ("Host", minutes.host),
    ]


def attendance(person: Attendee) -> str:
    """ "Ada (host), 14:00–15:05"."""
    role = " (host)" if person.is_host else ""
    return f"{one_line(person.name)}{role}, {person.joined}–{person.left}"


def transcript_line(line: Line) -> str:
    name = one_line(line.name)
    if line.gap_seconds is not None:
        return f"[{line.clock}] ({line.gap_seconds:.1f} s of audio from {name} did not arrive)"
    return f"[{line.clock}] {name}: {one_line(line.text)}"
