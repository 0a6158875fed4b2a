"""Minutes as plain text: `[MM:SS] Name: text`, one line each, whatever the text contains."""

from collections.abc import Iterable

from meetings.exports import wording
from meetings.exports.minutes import AgendaItem, Line, Minutes
from meetings.exports.wording import one_line


def render_plain(minutes: Minutes) -> str:
    say = minutes.say
    sections = [
        _section(say("Attendees"), _list(wording.attendance(minutes))),
        _section(wording.summary_head(minutes), wording.paragraphs(minutes.summary)),
        _section(say("Agenda"), (row for entry in minutes.agenda for row in _agenda(entry))),
        _section(say("Decisions"), _numbered(wording.items(minutes, minutes.decisions))),
        _section(say("Action items"), _numbered(wording.items(minutes, minutes.actions))),
        _section(say("Notes"), _list(wording.items(minutes, minutes.notes))),
    ]
    sections.append(_section(say("Next meeting"), wording.paragraphs(minutes.next_meeting)))
    sections.append(_section(say("Insight"), _list(_insight(minutes))))
    if minutes.has_transcript:
        said = (_line(minutes, line) for line in minutes.lines)
        sections.append(_section(say("Transcript"), said) or f"\n{say('Nothing was said.')}\n")
    title = one_line(minutes.title)
    head = [title, "=" * len(title), "", *(f"{label}: {value}" for label, value in wording.facts(minutes))]
    return "\n".join(head) + "\n" + "".join(sections)


def _section(heading: str, rows: Iterable[str]) -> str:
    body = "\n".join(rows)
    return f"\n{heading}\n{'-' * len(heading)}\n{body}\n" if body else ""


def _agenda(entry: AgendaItem) -> list[str]:
    return [one_line(entry.title), *(f"  {row}" for row in wording.paragraphs(entry.discussion))]


def _list(rows: Iterable[str]) -> list[str]:
    return [f"- {row}" for row in rows]


def _numbered(rows: Iterable[str]) -> list[str]:
    return [f"{number}. {row}" for number, row in enumerate(rows, start=1)]


def _insight(minutes: Minutes) -> Iterable[str]:
    """ "Ada · Talk time: 12 min (40 %) · Turns: 5", one for each."""
    heads = wording.heads(minutes, wording.INSIGHT[1:])
    for name, *figures in wording.insight_rows(minutes):
        yield " · ".join([name, *(f"{head}: {figure}" for head, figure in zip(heads, figures, strict=True))])


def _line(minutes: Minutes, line: Line) -> str:
    clock = f"[{line.clock}] " if line.clock else ""
    if line.gap_seconds is not None:
        return f"{clock}({wording.gap_note(minutes, line)})"
    name = one_line(line.name)
    return f"{clock}{name}: {one_line(line.text)}" if name else clock + one_line(line.text)
