"""The minutes of a meeting, read from the store."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from meetings import models
from meetings.exports.labels import LANGUAGES
from meetings.exports.minutes import EVERYTHING, AgendaItem, Attendee, Item, Line, Minutes, Options, Talk, TimedWord
from meetings.exports.wording import agenda_items
from meetings.insight import Voice, insight
from meetings.models import Mark, Meeting, Participant, Segment
from meetings.times import clock, duration
from meetings.words import retime, words_of

HEARD = {"words", "start_ms", "end_ms", "language", "confidence"}  # of a line, by the recogniser


def build_minutes(meeting: Meeting, options: Options = EVERYTHING) -> Minutes:
    """Everything there is, as the options want it; as many queries, however long the meeting was."""
    minutes = _marked(meeting, options)
    written = models.Minutes.objects.filter(meeting=meeting).first()
    return _edited(minutes, written, options) if written else minutes


def _edited(minutes: Minutes, written: models.Minutes, options: Options) -> Minutes:
    """As the host wrote them, in the template they chose."""
    names = options.names
    minutes = replace(
        minutes,
        place=written.place,
        chair=written.chair if names else "",
        absent=_absent(minutes.absent, written.absent) if names else (),
        summary=written.summary,
        machine_summary=written.machine_summary and bool(written.summary),
        next_meeting=written.next_meeting,
        status="approved" if written.approved_at else "draft",
        approved_by=written.approved_by if names else "",
        agenda=tuple(AgendaItem(entry["item"], entry["text"]) for entry in written.discussion),
        decisions=tuple(_written(entry, options) for entry in written.decisions),
        actions=tuple(_written(entry, options) for entry in written.actions),
    )
    if written.template == models.Minutes.Template.SHORT:
        return replace(minutes, notes=(), has_transcript=False)
    if written.template == models.Minutes.Template.TRANSCRIPT:
        return replace(
            minutes, summary="", machine_summary=False, next_meeting="", agenda=(), decisions=(), actions=(), notes=()
        )
    return minutes


def _absent(seats: tuple[str, ...], named: str) -> tuple[str, ...]:
    """Each name once."""
    return tuple(dict.fromkeys([*seats, *(name.strip() for name in named.split(",") if name.strip())]))


def _written(entry: dict[str, Any], options: Options) -> Item:
    at_ms = entry["at_ms"]
    return Item(
        text=entry["text"],
        clock=clock(at_ms) if options.times and at_ms is not None else "",
        at_ms=at_ms or 0,
        owner=entry.get("owner", "") if options.names else "",
        due=entry.get("due", ""),
        done=entry.get("done", False),
        machine=entry.get("machine", False),
        evidence=tuple(entry.get("evidence", [])),
    )


def _marked(meeting: Meeting, options: Options) -> Minutes:
    zone = ZoneInfo(meeting.time_zone)
    people = list(meeting.participants.order_by("joined_at", "id"))
    segments = list(_segments(meeting, options))
    standing = meeting.marks.filter(withdrawn_at=None).select_related("author", "segment")
    marks = list(standing.order_by("at_ms", "created_at"))
    started = meeting.started_at.astimezone(zone) if meeting.started_at else None
    figures = insight(meeting)
    talk = {voice.participant.pk: voice.talk_ms for voice in figures.voices}
    present = [person for person in people if person.joined_at or talk.get(person.pk)]  # nobody joins a recording
    return Minutes(
        title=meeting.title,
        date=f"{started:%Y-%m-%d}" if started else "",
        start=_time(started, zone),
        end=_time(meeting.ended_at, zone),
        zone=f"{started:%Z} ({meeting.time_zone})" if started else "",
        duration=duration(meeting.offset_ms(meeting.ended_at or timezone.now())),
        host=str(meeting.host) if options.names else "",
        attendees=tuple(_attendee(person, talk.get(person.pk, 0), zone) for person in present) if options.names else (),
        agenda=tuple(AgendaItem(title) for title in agenda_items(meeting.agenda)),
        lines=tuple(_line(segment, options) for segment in segments),
        absent=tuple(person.display_name for person in people if person not in present) if options.names else (),
        language=meeting.language,
        decisions=_items(marks, Mark.Kind.DECISION, options),
        actions=_items(marks, Mark.Kind.ACTION, options),
        notes=_items(marks, Mark.Kind.NOTE, options),
        insight=tuple(map(_talk, figures.voices)) if options.insight and options.names else (),
        transcript_approved=meeting.review == Meeting.Review.APPROVED,
        has_transcript=options.transcript,
        labels=options.labels or _labels(meeting.language),
    )


def _labels(language: str) -> str:
    """The meeting's own language, if documents can be had in it."""
    base = language.partition("-")[0]
    return base if base in LANGUAGES else "en"


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}" if moment else ""


def _segments(meeting: Meeting, options: Options) -> Iterable[Segment]:
    """The visible lines; the second half of a line that was split has no recognised text of its own."""
    visible = meeting.segments.filter(hidden=False).defer("search")
    visible = visible.select_related("participant").order_by("start_ms", "sequence")
    if not options.original:
        return visible
    heard = visible.exclude(kind=Segment.Kind.SPEECH, recognised_text="").prefetch_related("revisions")
    return [_as_recognised(segment) for segment in heard]


def _as_recognised(segment: Segment) -> Segment:
    """The line as it was before people changed it; one of several that were merged, as it was then."""
    revisions = list(segment.revisions.all())
    merged = max((at for at, revision in enumerate(revisions, 1) if "recognised_text" in revision.before), default=0)
    for revision in reversed(revisions[merged:]):
        for name in HEARD & revision.before.keys():
            setattr(segment, name, revision.before[name])
    segment.text = segment.recognised_text
    if revisions:
        segment.words = retime(segment.words, words_of(segment.text), segment.start_ms, segment.end_ms)
    return segment


def _attendee(person: Participant, talk_ms: int, zone: ZoneInfo) -> Attendee:
    joined, left = _time(person.joined_at, zone), _time(person.left_at, zone)
    return Attendee(person.display_name, person.is_host, joined, left, talk_ms)


def _talk(voice: Voice) -> Talk:
    return Talk(
        name=voice.participant.display_name,
        talk_ms=voice.talk_ms,
        turns=voice.turns,
        longest_ms=voice.longest_ms,
        words_per_minute=voice.words_per_minute,
        interruptions=voice.interruptions,
        coverage=voice.coverage,
        missing_ms=voice.missing_ms,
    )


def _items(marks: Iterable[Mark], kind: Mark.Kind, options: Options) -> tuple[Item, ...]:
    return tuple(_item(mark, options) for mark in marks if mark.kind == kind)


def _item(mark: Mark, options: Options) -> Item:
    return Item(
        text=mark.text,
        clock=clock(mark.at_ms) if options.times else "",
        at_ms=mark.at_ms,
        owner=mark.owner if options.names else "",
        due=mark.due.isoformat() if mark.due else "",
        author=mark.author.display_name if options.names else "",
        evidence=tuple(mark.evidence),
    )


def _line(segment: Segment, options: Options) -> Line:
    is_gap = segment.kind == Segment.Kind.GAP
    seconds = (segment.end_ms - segment.start_ms) / 1_000
    return Line(
        clock=clock(segment.start_ms) if options.times else "",
        name=segment.participant.display_name if options.names else "",
        text=segment.text,
        gap_seconds=seconds if is_gap else None,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        words=tuple(TimedWord(word["text"], word["start_ms"], word["end_ms"]) for word in segment.words),
        language=segment.language,
        confidence=None if is_gap else segment.confidence,
        corrected=segment.text != segment.recognised_text,
        sequence=segment.sequence,
    )
