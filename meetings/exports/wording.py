"""What the documents say, the same in each of them. Every text here is one line."""

from collections.abc import Iterable

from meetings.exports.minutes import Attendee, Item, Line, Minutes
from meetings.names import INVISIBLE
from meetings.times import duration

ATTENDANCE = ("Name", "Present", "Talk time")
INSIGHT = (
    "Name", "Talk time", "Turns", "Longest monologue", "Words a minute", "Interruptions", "Speech in the text",
    "Audio lost",
)  # fmt: skip
ACTIONS = ("Task", "Owner", "Due", "Status", "Said at")


def one_line(text: str) -> str:
    """Text without anything that could begin a new line or turn its direction."""
    return " ".join(INVISIBLE.sub(" ", text).split())


def facts(minutes: Minutes) -> list[tuple[str, str]]:
    """What stands at the head of the minutes."""
    known = [
        ("Date", minutes.date or minutes.say("not started")),
        ("Time", minutes.when),
        ("Duration", minutes.duration),
        ("Place", one_line(minutes.place)),
        ("Host", one_line(minutes.host)),
        ("Chair", one_line(minutes.chair)),
        ("Absent", ", ".join(map(one_line, minutes.absent))),
        ("Status", _state(minutes)),
    ]
    return [(minutes.say(label), value) for label, value in known if value]


def _state(minutes: Minutes) -> str:
    """Of the minutes, and of the transcript they are made of."""
    state = minutes.say(minutes.status)
    if minutes.status == "approved" and minutes.approved_by:
        state = minutes.say("approved by {name}", name=one_line(minutes.approved_by))
    transcript = "transcript approved" if minutes.transcript_approved else "transcript not approved"
    return f"{state} · {minutes.say(transcript)}"


def kind(minutes: Minutes) -> str:
    """What stands above the title."""
    name = minutes.say("Minutes")
    return f"{name} · {minutes.say('draft')}" if minutes.status == "draft" else name


def heads(minutes: Minutes, words: Iterable[str]) -> list[str]:
    """The heads of a table's columns."""
    return [minutes.say(word) for word in words]


def agenda_items(agenda: str) -> list[str]:
    return [item for item in map(one_line, agenda.splitlines()) if item]


def attendance(minutes: Minutes) -> list[str]:
    """ "Ada (host), 14:00–15:05, spoke 12 min (40 %)", one for each who entered or spoke."""
    return [
        ", ".join(part for part in (name, present, talk and minutes.say("spoke {time}", time=talk)) if part)
        for name, present, talk in attendance_rows(minutes)
    ]


def attendance_rows(minutes: Minutes) -> list[tuple[str, str, str]]:
    """As `ATTENDANCE` heads them."""
    return [
        (_attendee(minutes, person), _present(person), _talk_time(person.spoke_ms, minutes.spoken_ms))
        for person in minutes.attendees
    ]


def _present(person: Attendee) -> str:
    """Nobody knows who came when to a recording."""
    return f"{person.joined}–{person.left}" if person.joined else ""


def _attendee(minutes: Minutes, person: Attendee) -> str:
    name = one_line(person.name)
    return minutes.say("{name} (host)", name=name) if person.is_host else name


def action_rows(minutes: Minutes) -> list[tuple[str, ...]]:
    """As `ACTIONS` heads them."""
    return [
        (
            item_text(minutes, action),
            one_line(action.owner),
            action.due,
            minutes.say("done" if action.done else "open"),
            action.clock,
        )
        for action in minutes.actions
    ]


def item_text(minutes: Minutes, marked: Item) -> str:
    """With a label where a language model wrote it."""
    text = one_line(marked.text)
    return f"{text} ({minutes.say('machine-made')})" if marked.machine else text


def summary_head(minutes: Minutes) -> str:
    """With a label where a language model wrote it."""
    head = minutes.say("Summary")
    return f"{head} ({minutes.say('machine-made')})" if minutes.machine_summary else head


def paragraphs(text: str) -> list[str]:
    return [paragraph for paragraph in map(one_line, text.splitlines()) if paragraph]


def insight_rows(minutes: Minutes) -> list[tuple[str, ...]]:
    """As `INSIGHT` heads them; a dash where there is nothing to say."""
    rows = (
        (
            one_line(talk.name),
            _talk_time(talk.talk_ms, minutes.spoken_ms),
            str(talk.turns),
            duration(talk.longest_ms),
            str(talk.words_per_minute or ""),
            str(talk.interruptions),
            "" if talk.coverage is None else f"{talk.coverage:.0%}".replace("%", " %"),
            duration(talk.missing_ms) if talk.missing_ms else "",
        )
        for talk in minutes.insight
    )
    return [tuple(cell or "–" for cell in row) for row in rows]


def _talk_time(talk_ms: int, spoken_ms: int) -> str:
    """ "12 min (40 %)" of all that was spoken; "" for somebody who said nothing."""
    return f"{duration(talk_ms)} ({round(100 * talk_ms / spoken_ms)} %)" if talk_ms else ""


def items(minutes: Minutes, marked: Iterable[Item]) -> list[str]:
    """ "Send the figures · owner: Grace · due: 2026-03-09 [12:05]", one for each."""
    return [_item(minutes, each) for each in marked]


def _item(minutes: Minutes, marked: Item) -> str:
    said = " · ".join(part for part in (item_text(minutes, marked), *_particulars(minutes, marked)) if part)
    return f"{said} [{marked.clock}]" if marked.clock else said


def _particulars(minutes: Minutes, marked: Item) -> list[str]:
    owner, due = one_line(marked.owner), marked.due
    return [
        f"{minutes.say('owner')}: {owner}" if owner else "",
        f"{minutes.say('due')}: {due}" if due else "",
        minutes.say("done") if marked.done else "",
    ]


def gap_note(minutes: Minutes, line: Line) -> str:
    name, seconds = one_line(line.name), f"{line.gap_seconds or 0:.1f}"
    if name:
        return minutes.say("{seconds} s of audio from {name} did not arrive", seconds=seconds, name=name)
    return minutes.say("{seconds} s of audio did not arrive", seconds=seconds)
