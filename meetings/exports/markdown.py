"""Minutes as Markdown: every name and text stays literal."""

import re

from meetings.exports.minutes import Line, Minutes
from meetings.exports.plain import attendance, facts, one_line

_INLINE = re.compile(r"([\\`*_{}\[\]<>|~&$#])")
_LEADING = re.compile(r"^(\d+(?=[.)])|(?=[#+\-=]))")


def literal(text: str) -> str:
    """Text on one line that no Markdown reader takes for markup, wherever it stands."""
    return _LEADING.sub(r"\1\\", _INLINE.sub(r"\\\1", one_line(text)))


def render_markdown(minutes: Minutes) -> str:
    parts = [f"# {literal(minutes.title)}", "| | |\n|---|---|\n" + "\n".join(_row(*fact) for fact in facts(minutes))]
    parts.append("## Attendees")
    parts.append("\n".join(f"- {literal(attendance(person))}" for person in minutes.attendees) or "Nobody entered.")
    if minutes.agenda:
        rows = (literal(row) for row in minutes.agenda.splitlines() if row.strip())
        parts += ["## Agenda", "\n".join(f"- {row}" for row in rows)]
    parts += ["## Transcript", "\n\n".join(_line(line) for line in minutes.lines) or "Nothing was said."]
    return "\n\n".join(parts) + "\n"


def _row(label: str, value: str) -> str:
    return f"| **{label}** | {literal(value)} |"


def _line(line: Line) -> str:
    if line.gap_seconds is not None:
        name = literal(line.name)
        return f"`[{line.clock}]` *({line.gap_seconds:.1f} s of audio from {name} did not arrive)*"
    return f"`[{line.clock}]` **{literal(line.name)}:** {literal(line.text)}"
