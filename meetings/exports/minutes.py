"""The minutes of a meeting as data: what every format renders."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.text import slugify

from meetings.models import Meeting, Participant, Segment
from meetings.times import clock, duration


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str
    is_host: bool
    joined: str  # "14:05", "" for somebody who never entered
    left: str  # "" for somebody who is still there


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript; a gap has no text and says how long it is."""

    clock: str  # "MM:SS", from an hour on "H:MM:SS"
    name: str
    text: str
    gap_seconds: float | None = None


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
    agenda: str
    lines: tuple[Line, ...]

    def file_name(self, extension: str) -> str:
        """`YYYY-MM-DD_slug_minutes.ext`."""
        return f"{self.date or 'undated'}_{slugify(self.title)[:60] or 'meeting'}_minutes.{extension}"

    @property
    def when(self) -> str:
        """ "14:00–15:05 CEST"; the end is missing while the meeting runs."""
        return f"{self.start}–{self.end} {self.zone}".strip() if self.start else "not started"


def build_minutes(meeting: Meeting) -> Minutes:
    """Read the meeting from the store."""
    zone = ZoneInfo(meeting.time_zone)
    people = meeting.participants.exclude(joined_at=None).order_by("joined_at")
    segments = meeting.segments.select_related("participant").order_by("start_ms", "sequence")
    started = meeting.started_at.astimezone(zone) if meeting.started_at else None
    return Minutes(
        title=meeting.title,
        date=started.date().isoformat() if started else "",
        start=_time(meeting.started_at, zone),
        end=_time(meeting.ended_at, zone),
        zone=f"{started:%Z} ({meeting.time_zone})" if started else "",
        duration=duration(meeting.offset_ms(meeting.ended_at or timezone.now())),
        host=str(meeting.host),
        attendees=tuple(_attendee(person, zone) for person in people),
        agenda=meeting.agenda,
        lines=tuple(_line(segment) for segment in segments),
    )


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}" if moment else ""


def _attendee(person: Participant, zone: ZoneInfo) -> Attendee:
    return Attendee(person.display_name, person.is_host, _time(person.joined_at, zone), _time(person.left_at, zone))


def _line(segment: Segment) -> Line:
    is_gap = segment.kind == Segment.Kind.GAP
    seconds = (segment.end_ms - segment.start_ms) / 1_000
    name = segment.participant.display_name
    return Line(clock(segment.start_ms), name, segment.text, seconds if is_gap else None)
