"""Reviewing a transcript after its meeting: what a reviewer may ask for, and what becomes of it."""

import re
from typing import Annotated, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from msgspec import Meta, Struct

from meetings.models import AudioStream, Meeting, ReviewStep, Segment
from meetings.names import validate_visible
from meetings.services import corrections
from meetings.services.corrections import (
    Author,
    Changes,
    CorrectionRefused,
    Line,
    What,
    changing,
    cleaned,
    reworded,
    rewritten,
)
from meetings.words import joined, retime, words_of

MAX_LINES = 10_000  # changed at once
LONGEST_PAUSE_MS = 30_000  # between lines that become one
SAMPLES_PER_MS = 16
Sequence = Annotated[int, Meta(ge=1, le=2**31)]
Text = Annotated[str, Meta(max_length=corrections.MAX_CHARACTERS)]


class LineRef(Struct, forbid_unknown_fields=True):
    sequence: Sequence
    revision: Annotated[int, Meta(ge=0, le=2**31)]

    @property
    def line(self) -> Line:
        return Line(self.sequence, self.revision)


Lines = Annotated[list[LineRef], Meta(min_length=1, max_length=MAX_LINES)]


class Edit(Struct, tag="edit", forbid_unknown_fields=True):
    line: LineRef
    text: Text


class Split(Struct, tag="split", forbid_unknown_fields=True):
    """Two lines of one, parted where both texts say; together they may differ from the line as it was."""

    line: LineRef
    first: Text
    second: Text


class Merge(Struct, tag="merge", forbid_unknown_fields=True):
    """The second line's words follow the first's; the second is hidden."""

    first: LineRef
    second: LineRef


class Reassign(Struct, tag="reassign", forbid_unknown_fields=True):
    lines: Lines
    participant_id: UUID


class Hide(Struct, tag="hide", forbid_unknown_fields=True):
    line: LineRef
    hidden: bool


class Accept(Struct, tag="accept", forbid_unknown_fields=True):
    line: LineRef
    reviewed: bool


class Replace(Struct, tag="replace", forbid_unknown_fields=True):
    """Replace in exactly the lines that a preview showed."""

    lines: Lines
    find: Annotated[str, Meta(min_length=1, max_length=200)]
    replacement: Annotated[str, Meta(max_length=200)]
    match_case: bool = False


class Undo(Struct, tag="undo", forbid_unknown_fields=True):
    operation: UUID


class Rename(Struct, tag="rename", forbid_unknown_fields=True):
    participant_id: UUID
    was: str
    name: Annotated[str, Meta(max_length=80)]


class SetStatus(Struct, tag="status", forbid_unknown_fields=True):
    was: Meeting.Review
    status: Meeting.Review
    reason: Annotated[str, Meta(max_length=500)] = ""


WHAT = {
    Edit: What.TEXT,
    Merge: What.MERGE,
    Reassign: What.SPEAKER,
    Hide: What.HIDDEN,
    Accept: What.REVIEWED,
    Replace: What.REPLACE,
}
Command = Edit | Split | Merge | Reassign | Hide | Accept | Replace | Undo | Rename | SetStatus
STEPS = {
    (Meeting.Review.DRAFT, Meeting.Review.IN_REVIEW),
    (Meeting.Review.IN_REVIEW, Meeting.Review.DRAFT),
    (Meeting.Review.IN_REVIEW, Meeting.Review.APPROVED),
    (Meeting.Review.APPROVED, Meeting.Review.IN_REVIEW),
}


def apply(meeting: Meeting, command: Command, author: Author) -> UUID | None:
    """Do what a reviewer asks; returns the operation that `Undo` takes back. Raises CorrectionRefused."""
    if meeting.takes_audio:
        raise CorrectionRefused("meeting_live", "the review begins when the meeting is over")
    with transaction.atomic():
        match command:
            case SetStatus():
                _set_status(meeting, command, author)
            case Rename():
                _rename(meeting, command, author)
            case Undo():
                corrections.undo(meeting, command.operation, author)
            case Split():
                return _split(meeting, command, author)
            case _:
                return _change(meeting, command, author)
    return None


def _change(meeting: Meeting, command: Edit | Merge | Reassign | Hide | Accept | Replace, author: Author) -> UUID:
    with changing(meeting, author, WHAT[type(command)]) as changes:
        match command:
            case Edit():
                segment = changes.line(command.line.line)
                changes.change(segment, **rewritten(segment, cleaned(command.text)), reviewed=True)
            case Merge():
                _merge(changes, command)
            case Reassign():
                _reassign(changes, command)
            case Hide():
                changes.change(changes.line(command.line.line), hidden=command.hidden)
            case Accept():
                changes.change(changes.line(command.line.line), reviewed=command.reviewed)
            case Replace():
                for segment in changes.seen([ref.line for ref in command.lines]):
                    changes.change(segment, **rewritten(segment, cleaned(replaced(segment.text, command))))
    return changes.id


def replaced(text: str, command: Replace) -> str:
    flags = re.NOFLAG if command.match_case else re.IGNORECASE
    return re.sub(re.escape(command.find), lambda _: command.replacement, text, flags=flags)


def _merge(changes: Changes, command: Merge) -> None:
    first, second = changes.line(command.first.line), changes.line(command.second.line)
    if first.participant_id != second.participant_id or first.pk == second.pk or first.start_ms > second.start_ms:
        raise CorrectionRefused("lines_differ", "only two lines of one speaker, in their order, become one")
    if Segment.Kind.GAP in {first.kind, second.kind}:
        raise CorrectionRefused("line_is_gap", "a gap has no words: it cannot become one line with another")
    if second.start_ms - first.end_ms > LONGEST_PAUSE_MS:
        raise CorrectionRefused("lines_apart", "lines more than 30 seconds apart do not become one")
    text, end_ms = cleaned(joined(first.text, second.text)), max(first.end_ms, second.end_ms)
    words = retime([*first.words, *second.words], words_of(text), first.start_ms, end_ms)
    heard = joined(first.recognised_text, second.recognised_text)
    changes.change(first, text=text, words=words, recognised_text=heard, end_ms=end_ms, reviewed=False)
    changes.change(second, hidden=True)


def _reassign(changes: Changes, command: Reassign) -> None:
    person = changes.meeting.participants.filter(pk=command.participant_id).first()
    if person is None:
        raise CorrectionRefused("speaker_unknown", "there is no such speaker in this meeting")
    for segment in changes.seen([ref.line for ref in command.lines]):
        changes.change(segment, participant_id=person.pk)


def _split(meeting: Meeting, command: Split, author: Author) -> UUID:
    first_text, second_text = cleaned(command.first), cleaned(command.second)
    stream = AudioStream.objects.select_for_update().filter(
        segments__meeting=meeting, segments__sequence=command.line.sequence
    )
    list(stream.order_by())  # before the meeting's row, as whoever stores a caption does
    with changing(meeting, author, What.SPLIT) as changes:
        segment = changes.line(command.line.line)
        count = len(words_of(first_text))
        words = reworded(segment, [*words_of(first_text), *words_of(second_text)])
        at_ms = words[count]["start_ms"]
        second = _second_half(changes, segment, at_ms, {"text": second_text, "words": words[count:]})
        end = {"end_ms": max(segment.start_ms, at_ms), "end_sample": second.start_sample}
        changes.change(segment, text=first_text, words=words[:count], **end)
        second.save(force_insert=True)
        changes.note(second, {"hidden": True}, "")
    return changes.id


def _second_half(changes: Changes, segment: Segment, at_ms: int, values: dict[str, Any]) -> Segment:
    """A new line, not yet stored; undoing the split hides it."""
    changes.meeting.last_sequence += 1
    changes.meeting.save(update_fields=["last_sequence"])
    sample = max(segment.start_sample + 1, segment.start_sample + (at_ms - segment.start_ms) * SAMPLES_PER_MS)
    while Segment.objects.filter(stream=segment.stream_id, start_sample=sample).exists():
        sample += 1
    return Segment(
        meeting=changes.meeting,
        participant=segment.participant,
        stream_id=segment.stream_id,
        sequence=changes.meeting.last_sequence,
        start_sample=sample,
        end_sample=max(sample, segment.end_sample),
        start_ms=at_ms,
        end_ms=max(at_ms, segment.end_ms),
        language=segment.language,
        confidence=segment.confidence,
        revision=1,
        **values,
    )


def _rename(meeting: Meeting, command: Rename, author: Author) -> None:
    name = command.name.strip()
    try:
        validate_visible(name)
    except ValidationError as error:
        raise CorrectionRefused("name_invalid", " ".join(error.messages)) from error
    with changing(meeting, author, What.SPEAKER) as changes:
        person = changes.meeting.participants.filter(pk=command.participant_id).first()
        if person is None or person.display_name != command.was:
            raise CorrectionRefused("speaker_changed_meanwhile", "somebody renamed this speaker meanwhile")
        person.display_name = name
        person.save(update_fields=["display_name"])
    _note(meeting, author, what=f"{command.was} → {name}", speaker=person)


def _set_status(meeting: Meeting, command: SetStatus, author: Author) -> None:
    locked = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if locked.review != command.was:
        raise CorrectionRefused("status_changed_meanwhile", "somebody changed the status meanwhile")
    if (command.was, command.status) not in STEPS:
        raise CorrectionRefused("status_step", f"a transcript does not go from {command.was} to {command.status}")
    reason = command.reason.strip()
    if command.was == Meeting.Review.APPROVED and not reason:
        raise CorrectionRefused("reason_missing", "say why the approved transcript is opened again")
    locked.review = command.status
    locked.save(update_fields=["review"])
    _note(meeting, author, what=command.status, reason=reason)


def approve(meeting: Meeting, author: Author) -> None:
    """By all steps there are to it, each of them noted; raises CorrectionRefused."""
    if meeting.review == Meeting.Review.APPROVED:
        raise CorrectionRefused("approved", "this transcript is approved already")
    with transaction.atomic():
        if meeting.review == Meeting.Review.DRAFT:
            apply(meeting, SetStatus(Meeting.Review.DRAFT, Meeting.Review.IN_REVIEW), author)
        apply(meeting, SetStatus(Meeting.Review.IN_REVIEW, Meeting.Review.APPROVED), author)


def _note(meeting: Meeting, author: Author, **step: Any) -> None:
    ReviewStep.objects.create(meeting=meeting, author=author.participant, author_name=author.name, **step)
