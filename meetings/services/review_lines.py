"""What the review page shows: lines with their doubts, and the history of one."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.languages import direction
from meetings.models import Meeting, Participant, Segment, SegmentRevision

PAGE = 500  # lines told at once
DOUBTFUL = 0.6  # a word recognised with less confidence is marked


def page_of_lines(meeting: Meeting, first: int) -> dict[str, Any]:
    """PAGE lines in the order they were spoken, from the given place on, and what else a page must know."""
    spoken = _spoken(meeting)
    lines = [_line(segment) for segment in spoken[first : first + PAGE]]
    return _state(meeting) | {"lines": lines, "next": first + PAGE if len(lines) == PAGE else None}


def changed_lines(meeting: Meeting, after_edit: int) -> dict[str, Any]:
    """The lines changed since, with what else a page must know."""
    changed = _spoken(meeting).filter(edit__gt=after_edit)
    return _state(meeting) | {"lines": [_line(segment) for segment in changed.iterator(2_000)], "next": None}


def _spoken(meeting: Meeting) -> QuerySet[Segment]:
    """Without what no line shows."""
    return meeting.segments.defer("recognised_text", "search").order_by("start_ms", "sequence")


def _state(meeting: Meeting) -> dict[str, Any]:
    people = meeting.participants.select_related("sounds_like__known_voice")
    return {
        "edit": meeting.last_edit,
        "review": meeting.review,
        "people": [_person(person) for person in people],
    }


def _person(person: Participant) -> dict[str, Any]:
    known = hasattr(person.sounds_like, "known_voice")  # a suggestion goes with the voice that it came from
    return {
        "id": str(person.pk),
        "name": person.display_name,
        "color": person.color,
        "sounds_like": str(person.sounds_like) if known else "",
    }


def _line(segment: Segment) -> dict[str, Any]:
    return {
        "sequence": segment.sequence,
        "revision": segment.revision,
        "kind": segment.kind,
        "participant_id": str(segment.participant_id),
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "doubts": list(_doubts(segment)) if not segment.reviewed else [],
        "language": segment.language,
        "direction": direction(segment.language, segment.text),
        "confidence": round(segment.confidence, 2),
        "hidden": segment.hidden,
        "reviewed": segment.reviewed,
    }


def _doubts(segment: Segment) -> Iterator[tuple[int, int]]:
    return (place for word, place in places(segment) if word["confidence"] < DOUBTFUL)


def places(segment: Segment) -> Iterator[tuple[dict[str, Any], tuple[int, int]]]:
    """Each word and where it stands in the text, from and to in UTF-16 code units as browsers count."""
    at = 0
    for word in segment.words:
        begin = segment.text.find(word["text"], at)
        if begin >= 0:
            at = begin + len(word["text"])
            yield word, (_units(segment.text[:begin]), _units(segment.text[:at]))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def history(meeting: Meeting, sequence: int) -> dict[str, Any] | None:
    """Every change of a line, the newest first, with what was taken out and put in; None for no such line."""
    segment = meeting.segments.filter(sequence=sequence).first()
    if segment is None:
        return None
    return {"recognised": segment.recognised_text, "changes": list(_changes(meeting, segment))}


def _changes(meeting: Meeting, segment: Segment) -> Iterator[dict[str, Any]]:
    """A revision knows what was before it; what it became is what the next newer one found.

    Only what left the line as it is now can be taken back: nothing followed it, or all that did was taken back.
    """
    zone = ZoneInfo(meeting.time_zone)
    names = {str(person.pk): person.display_name for person in meeting.participants.all()}
    became = {"participant_id": str(segment.participant_id), "hidden": segment.hidden, "reviewed": segment.reviewed}
    left: dict[str, Any] = {}
    for revision in segment.revisions.order_by("-revision")[:200]:
        was = became | {name: value for name, value in revision.before.items() if name in became}
        yield {
            "operation": str(revision.operation) if segment.is_as(left) else None,
            "what": revision.get_what_display(),
            "author": revision.author_name,
            "at": timezone.localtime(revision.created_at, zone).strftime("%Y-%m-%d %H:%M"),
            "diff": _difference(revision, _said(was, names), _said(became, names)),
        }
        became = was
        left |= revision.before


def _said(values: dict[str, Any], names: dict[str, str]) -> list[str]:
    """Speaker, visibility and review of a line, for people."""
    return [
        names.get(values["participant_id"], ""),
        _("hidden") if values["hidden"] else _("shown"),
        _("reviewed") if values["reviewed"] else _("not reviewed"),
    ]


def _difference(revision: SegmentRevision, was: list[str], became: list[str]) -> list[tuple[str, str]]:
    """Of the text; where that stayed, of what else was changed."""
    if revision.text_before != revision.text_after:
        return list(diff(revision.text_before, revision.text_after))
    pairs = zip(was, became, strict=True)
    return [part for old, new in pairs if old != new for part in (("gone", old), ("new", new))]


def diff(before: str, after: str) -> Iterator[tuple[str, str]]:
    """("same" | "gone" | "new", words) in the order of reading."""
    old, new = before.split(), after.split()
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, False).get_opcodes():
        if kind == "equal":
            yield "same", " ".join(old[old_from:old_to])
            continue
        if old_to > old_from:
            yield "gone", " ".join(old[old_from:old_to])
        if new_to > new_from:
            yield "new", " ".join(new[new_from:new_to])
