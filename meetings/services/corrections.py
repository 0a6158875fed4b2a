"""Correcting what was recognised: every change is a revision, and `Segment.recognised_text` stays."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from meetings import fanout
from meetings.models import Meeting, Participant, Segment, SegmentRevision
from meetings.names import UNPRINTABLE
from meetings.protocol.requests import EditSegment
from meetings.redis import redis_client
from meetings.services.captions import edit_key, updated_view
from meetings.services.many_lines import add_revisions, store_segments
from meetings.words import TimedWord, retime, words_of

MAX_CHARACTERS = 10_000  # of a line
What = SegmentRevision.What


class CorrectionRefused(Exception):
    """`code` is stable and for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    participant: Participant | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line as a page shows it."""

    sequence: int
    revision: int


class Changes:
    """Changes of lines made in one go, by one author; made by `changing`, which stores them."""

    def __init__(self, meeting: Meeting, author: Author, what: SegmentRevision.What) -> None:
        self.meeting = meeting
        self.id = uuid.uuid4()
        self.lines: list[Segment] = []
        self._author = author
        self._what = what
        self._names = {"revision", "edit"}
        self._revisions: list[SegmentRevision] = []

    def line(self, line: Line) -> Segment:
        """The line, if it still is what the author saw; raises CorrectionRefused."""
        return self.seen([line])[0]

    def seen(self, lines: Sequence[Line]) -> list[Segment]:
        """The lines in the order asked for, if they still are what the author saw; raises CorrectionRefused."""
        sequences = [line.sequence for line in lines]
        segments = self.meeting.segments.select_related("participant").filter(sequence__in=sequences)
        found = {segment.sequence: segment for segment in segments}
        for line in lines:
            if line.sequence not in found:
                raise CorrectionRefused("line_unknown", f"there is no line {line.sequence} in this meeting")
            if found[line.sequence].revision != line.revision:
                raise CorrectionRefused(
                    "line_changed_meanwhile", "somebody changed this line meanwhile; look at it again"
                )
        return [found[sequence] for sequence in dict.fromkeys(sequences)]

    def change(self, segment: Segment, **values: Any) -> None:
        """Set fields of a line and note what they were."""
        changed = {name: value for name, value in values.items() if getattr(segment, name) != value}
        if not changed:
            return
        text_before = segment.text
        before = {name: segment.plain(name) for name in changed}
        for name, value in changed.items():
            setattr(segment, name, value)
        self._names.update(changed)
        segment.revision += 1
        self.note(segment, before, text_before)

    def note(self, segment: Segment, before: dict[str, Any], text_before: str) -> None:
        """Give the change its number in the meeting and its entry in the line's history."""
        self.meeting.last_edit += 1
        segment.edit = self.meeting.last_edit
        self.lines.append(segment)
        self._revisions.append(
            SegmentRevision(
                segment=segment,
                revision=segment.revision,
                operation=self.id,
                what=self._what,
                before=before,
                text_before=text_before,
                text_after=segment.text,
                author=self._author.participant,
                author_name=self._author.name,
            )
        )

    def store(self) -> None:
        """Three statements, however many lines there are."""
        if not self.lines:
            return
        self.meeting.save(update_fields=["last_edit"])
        store_segments(self.lines, sorted(self._names))
        add_revisions(self._revisions)


@contextmanager
def changing(meeting: Meeting, author: Author, what: SegmentRevision.What) -> Iterator[Changes]:
    """Lock the meeting's row and store all changes at the end, or none; raises CorrectionRefused."""
    with transaction.atomic():
        locked = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if locked.review == Meeting.Review.APPROVED:
            raise CorrectionRefused("approved", "this transcript is approved; reopen it to change it")
        changes = Changes(locked, author, what)
        yield changes
        changes.store()


def correct_as_participant(participant_id: uuid.UUID, edit: EditSegment) -> Segment:
    """Change one's own line while the meeting runs, or any as its host; raises CorrectionRefused."""
    editor = Participant.objects.select_related("meeting").get(pk=participant_id)
    if not editor.meeting.takes_audio:
        raise CorrectionRefused("meeting_ended", "this meeting is over")
    own = editor.meeting.segments.filter(sequence=edit.sequence, participant=editor)
    if not editor.is_host and not own.exists():
        raise CorrectionRefused("not_yours", "only its speaker and hosts correct a line")
    author = Author(editor.display_name, editor)
    return correct_text(editor.meeting, Line(edit.sequence, edit.revision), edit.text, author)


def correct_text(meeting: Meeting, line: Line, text: str, author: Author) -> Segment:
    """Change a line's text; its words keep their times. Raises CorrectionRefused."""
    text = cleaned(text)
    with changing(meeting, author, What.TEXT) as changes:
        known = changes.meeting.segments.filter(sequence=line.sequence, text=text).select_related("participant")
        if segment := known.first():
            return segment  # sent again after a break
        segment = changes.line(line)
        changes.change(segment, **rewritten(segment, text))
    return segment


def rewritten(segment: Segment, text: str) -> dict[str, Any]:
    """The fields of a line whose text becomes `text`."""
    return {"text": text, "words": reworded(segment, words_of(text))}


def reworded(segment: Segment, tokens: Sequence[str]) -> list[TimedWord]:
    """The words of a line that has these words now."""
    if segment.kind == Segment.Kind.GAP:
        raise CorrectionRefused("line_is_gap", "a gap has no words to correct")
    return retime(segment.words, tokens, segment.start_ms, segment.end_ms)


def cleaned(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise CorrectionRefused("line_empty", "a line needs words")
    if len(text) > MAX_CHARACTERS:
        raise CorrectionRefused("line_too_long", f"a line has at most {MAX_CHARACTERS} characters")
    if UNPRINTABLE.search(text):
        raise CorrectionRefused("line_unprintable", "control characters are not allowed in a line")
    return text


def undo(meeting: Meeting, operation_id: uuid.UUID, author: Author) -> list[Segment]:
    """Take back one operation, if its lines are still or again as it left them; raises CorrectionRefused."""
    with changing(meeting, author, What.UNDO) as changes:
        revisions = SegmentRevision.objects.filter(operation=operation_id, segment__meeting=meeting)
        found = list(revisions.select_related("segment__participant").order_by("segment_id", "-revision"))
        if not found:
            raise CorrectionRefused("change_unknown", "there is no such change in this meeting")
        if not _as_left(found):
            raise CorrectionRefused("line_changed_meanwhile", "a line of this change was changed again since")
        for revision in found:
            changes.change(revision.segment, **revision.before)
    return changes.lines


def _as_left(revisions: Sequence[SegmentRevision]) -> bool:
    """Whether nothing followed these changes of lines, or all that did was taken back."""
    last = {revision.segment_id: revision for revision in reversed(revisions)}
    changed = {pk: revision for pk, revision in last.items() if revision.segment.revision != revision.revision}
    left: dict[int, dict[str, Any]] = {pk: {} for pk in changed}
    for later in SegmentRevision.objects.filter(segment__in=changed).order_by("-revision"):
        if later.revision > changed[later.segment_id].revision:
            left[later.segment_id] |= later.before  # of the first change that followed, in the end
    return all(revision.segment.is_as(left[pk]) for pk, revision in changed.items())


async def announce(segments: Sequence[Segment]) -> None:
    """Tell the room of changed lines: the last one is said, whoever sees the hole before it reads the others.

    Raises RedisError where the room cannot know even the number.
    """
    newest = max(segments, key=lambda segment: segment.edit, default=None)
    if newest is None or newest.edit == 0:
        return
    await redis_client().set(edit_key(newest.meeting_id), newest.edit, ex=24 * 3600)
    await fanout.publish(newest.meeting_id, updated_view(newest))
