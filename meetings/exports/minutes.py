"""The minutes of a meeting as data: what every format renders."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.text import slugify

from meetings.exports.labels import label


class ExportUnavailable(Exception):
    """This server cannot make such a document; the message says what is missing."""


Progress = Callable[[float], None]  # told how much is made, 0 to 1; what it raises ends the making


def unheard(share: float) -> None:
    """For documents nobody waits to see growing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a reader wants in a document."""

    names: bool = True  # without them nobody is named, except in what people said and wrote themselves
    times: bool = True  # before each line of the documents; subtitles, JSON and CSV always have them
    transcript: bool = True  # as an appendix of the documents; subtitles and CSV are nothing else
    original: bool = False  # the text as it was recognised, before people corrected it
    insight: bool = False  # a table of who talked how much, where names may stand
    labels: str = ""  # the language of the document's own words, one of `labels.LANGUAGES`; "" for the meeting's


EVERYTHING = Options()


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str
    is_host: bool
    joined: str  # "14:05", "" for somebody who never entered
    left: str  # "" for somebody who is still there
    spoke_ms: int = 0


@dataclass(frozen=True, slots=True)
class Talk:
    """What one person's talk adds up to, as the insight page has it."""

    name: str
    talk_ms: int
    turns: int
    longest_ms: int
    words_per_minute: int
    interruptions: int
    coverage: float | None  # how much of the speech that was heard is text, 0…1
    missing_ms: int


@dataclass(frozen=True, slots=True)
class Item:
    """A decision, an action item or a note: somebody marked it in the meeting."""

    text: str
    clock: str = ""  # when, as in `Line`
    at_ms: int = 0
    owner: str = ""  # of an action item
    due: str = ""  # ISO 8601
    author: str = ""
    done: bool = False  # an action item
    machine: bool = False  # a language model's words
    evidence: tuple[int, ...] = ()  # sequences of the lines that support it


@dataclass(frozen=True, slots=True)
class AgendaItem:
    title: str
    discussion: str = ""  # may have several lines


@dataclass(frozen=True, slots=True)
class TimedWord:
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript; a gap has no text and says how long it is. Milliseconds are the meeting's."""

    clock: str  # "MM:SS", from an hour on "H:MM:SS"; "" in a document without times
    name: str  # "" in a document without names
    text: str
    gap_seconds: float | None = None
    start_ms: int = 0
    end_ms: int = 0
    words: tuple[TimedWord, ...] = ()  # of `text`, each with its time
    language: str = ""  # BCP-47, "" when unknown
    confidence: float | None = None  # 0…1, of the recognised text
    corrected: bool = False
    sequence: int = 0  # its number in the meeting


@dataclass(frozen=True, slots=True)
class Minutes:
    """Times are local to the meeting's zone."""

    title: str
    date: str  # ISO 8601, "" for a meeting that never started
    start: str
    end: str
    zone: str
    duration: str
    host: str
    attendees: tuple[Attendee, ...]
    agenda: tuple[AgendaItem, ...]
    lines: tuple[Line, ...]
    absent: tuple[str, ...] = ()  # who had a seat and never entered, and whom the host named
    language: str = ""  # of the meeting, BCP-47; "" for automatic
    decisions: tuple[Item, ...] = ()
    actions: tuple[Item, ...] = ()
    notes: tuple[Item, ...] = ()
    place: str = ""
    chair: str = ""
    summary: str = ""  # may have several lines
    machine_summary: bool = False  # a language model wrote it, or a part of it
    next_meeting: str = ""
    insight: tuple[Talk, ...] = ()  # where it is wanted
    status: str = "draft"  # or "approved"
    approved_by: str = ""
    transcript_approved: bool = False
    has_transcript: bool = True  # whether the documents show it
    labels: str = "en"  # the language of the document's own words

    def say(self, english: str, **values: object) -> str:
        """The document's own words in its language; `values` stand in {braces}."""
        return label(self.labels, english).format(**values)

    def file_name(self, extension: str) -> str:
        """`YYYY-MM-DD_slug_minutes.ext`."""
        return f"{self.date or 'undated'}_{slugify(self.title)[:60] or 'meeting'}_minutes.{extension}"

    @property
    def when(self) -> str:
        """ "14:00–15:05 CEST"; the end is missing while the meeting runs."""
        return f"{self.start}–{self.end} {self.zone}".strip() if self.start else self.say("not started")

    @property
    def spoken_ms(self) -> int:
        return sum(person.spoke_ms for person in self.attendees)
