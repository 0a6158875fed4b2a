"""Lines that sound like a decision or a promise, for the host to look at. Phrases of English; nothing is guessed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from meetings.models import Meeting, Segment

MAX_SUGGESTIONS = 20
_DECISION = re.compile(
    r"\b(we(?:'ve| have)? (?:all )?(?:agree|agreed|decide|decided)|let's (?:go|stick) with|it is decided|it's decided|"
    r"that's settled|the decision is)\b",
    re.IGNORECASE,
)
_PROMISE = re.compile(r"\b(I(?:'ll| will) (?!be\b|say\b|think\b)\w+|I(?:'m| am) going to \w+)", re.IGNORECASE)
_REQUEST = re.compile(
    r"\b(action item|(?:can|could|will|would) (?:you|somebody|someone|anybody) (?:please )?\w+|"
    r"(?:you|somebody|someone) (?:has|have|needs?) to \w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`sequence` is the line that says so."""

    kind: str  # decision or action
    text: str
    owner: str
    at_ms: int
    sequence: int
    speaker: str


def suggestions(meeting: Meeting, known_ms: Iterable[int]) -> list[Suggestion]:
    """At most MAX_SUGGESTIONS, in order of time, none of a line whose time is known."""
    known = set(known_ms)
    spoken = (
        meeting.segments.filter(kind=Segment.Kind.SPEECH, hidden=False)
        .select_related("participant")
        .order_by("start_ms")
    )
    found: list[Suggestion] = []
    for segment in spoken.iterator(chunk_size=500):
        suggestion = None if segment.start_ms in known else _suggestion(segment)
        if suggestion is not None:
            found.append(suggestion)
        if len(found) == MAX_SUGGESTIONS:
            break
    return found


def of_lines(meeting: Meeting, sequences: Sequence[str]) -> list[Suggestion]:
    """The suggestions of these lines; one without a real line, or a line that suggests nothing, is left out."""
    numbers = [int(sequence) for sequence in sequences if sequence.isdecimal() and len(sequence) < 10]
    lines = meeting.segments.filter(sequence__in=numbers[:MAX_SUGGESTIONS]).select_related("participant")
    return [found for found in map(_suggestion, lines.order_by("start_ms")) if found is not None]


def _suggestion(segment: Segment) -> Suggestion | None:
    speaker, text = segment.participant.display_name, segment.text.replace("’", "'")
    if _DECISION.search(text):
        kind, owner = "decision", ""
    elif _PROMISE.search(text):
        kind, owner = "action", speaker
    elif _REQUEST.search(text):
        kind, owner = "action", ""
    else:
        return None
    return Suggestion(kind, segment.text, owner, segment.start_ms, segment.sequence, speaker)
