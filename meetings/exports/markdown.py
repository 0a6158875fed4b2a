"""Minutes as Markdown: every name and text stays literal."""

import re
from collections.abc import Iterable, Sequence

from meetings.exports import wording
from meetings.exports.minutes import AgendaItem, Line, Minutes
from meetings.exports.wording import one_line

_INLINE = re.compile(r"([\\`*_{}\[\]<>|~&$#])")
_LEADING = re.compile(r"^(\d+(?=[.)])|(?=[#+\-=]))")


def literal(text: str) -> str:
    """Text on one line that no Markdown reader takes for markup, wherever it stands."""
    return _LEADING.sub(r"\1\\", _INLINE.sub(r"\\\1", one_line(text)))


def render_markdown(minutes: Minutes) -> str:
    say = minutes.say
    parts = [
        f"# {literal(minutes.title)}",
        _table(("", ""), ((f"**{label}**", literal(value)) for label, value in wording.facts(minutes))),
        *_section(say("Attendees"), _list(wording.attendance(minutes))),
        *_section(wording.summary_head(minutes), "\n\n".join(map(literal, wording.paragraphs(minutes.summary)))),
        *_section(say("Agenda"), "\n".join(map(_agenda, minutes.agenda))),
        *_section(say("Decisions"), _numbered(wording.items(minutes, minutes.decisions))),
        *_section(say("Action items"), _actions(minutes)),
        *_section(say("Notes"), _list(wording.items(minutes, minutes.notes))),
        *_section(say("Next meeting"), literal(minutes.next_meeting)),
        *_section(say("Insight"), _insight(minutes)),
    ]
    if minutes.has_transcript:
        said = "\n\n".join(_line(minutes, line) for line in minutes.lines)
        parts += [f"## {say('Transcript')}", said or say("Nothing was said.")]
    return "\n\n".join(parts) + "\n"


def _section(heading: str, body: str) -> list[str]:
    return [f"## {heading}", body] if body else []


def _agenda(entry: AgendaItem) -> str:
    return "\n\n  ".join([f"- {literal(entry.title)}", *map(literal, wording.paragraphs(entry.discussion))])


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {literal(item)}" for item in items)


def _numbered(items: Iterable[str]) -> str:
    return "\n".join(f"{number}. {literal(item)}" for number, item in enumerate(items, start=1))


def _actions(minutes: Minutes) -> str:
    rows = [(*map(literal, row[:-1]), _clock(row[-1])) for row in wording.action_rows(minutes)]
    return _table(wording.heads(minutes, wording.ACTIONS), rows) if rows else ""


def _insight(minutes: Minutes) -> str:
    rows = [tuple(map(literal, row)) for row in wording.insight_rows(minutes)]
    return _table(wording.heads(minutes, wording.INSIGHT), rows) if rows else ""


def _table(head: Sequence[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def _line(minutes: Minutes, line: Line) -> str:
    clock = f"{_clock(line.clock)} " if line.clock else ""
    if line.gap_seconds is not None:
        return f"{clock}*{literal(f'({wording.gap_note(minutes, line)})')}*"
    name = literal(line.name)
    return f"{clock}**{name}:** {literal(line.text)}" if name else clock + literal(line.text)


def _clock(clock: str) -> str:
    return f"`[{clock}]`" if clock else ""
