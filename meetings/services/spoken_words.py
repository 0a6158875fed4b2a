"""When each word of the transcript was said, for whoever listens while reading."""

from typing import TypedDict

from meetings.models import Meeting, Segment
from meetings.services.review_lines import places

LONGEST_MS = 120_000


class SpokenLine(TypedDict):
    sequence: int
    revision: int
    words: list[tuple[int, int, int, int]]  # from and to in the text, as browsers count; start and end in ms


class SpokenPage(TypedDict):
    lines: list[SpokenLine]
    next_ms: int | None  # when the next line after the stretch begins


def between(meeting: Meeting, start_ms: int, end_ms: int) -> SpokenPage:
    """The lines that touch [start_ms, end_ms), which is cut to LONGEST_MS."""
    end_ms = min(end_ms, start_ms + LONGEST_MS)
    speech = meeting.segments.filter(kind=Segment.Kind.SPEECH, hidden=False).order_by("start_ms", "sequence")
    later = speech.filter(start_ms__gte=end_ms).values_list("start_ms", flat=True).first()
    return {
        "lines": [_line(line) for line in speech.filter(start_ms__lt=end_ms, end_ms__gt=start_ms)],
        "next_ms": later,
    }


def _line(line: Segment) -> SpokenLine:
    words = [(*place, int(word["start_ms"]), int(word["end_ms"])) for word, place in places(line)]
    return {"sequence": line.sequence, "revision": line.revision, "words": words}
