"""Decisions, action items, notes and lines of chat: made while people talk, changed and taken back by their author."""

from typing import cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from meetings import fanout
from meetings.models import Mark, Meeting, Participant, Segment
from meetings.names import INVISIBLE, UNPRINTABLE
from meetings.protocol.events import MarkChanged, MarkKind
from meetings.protocol.requests import AddMark, EditMark
from meetings.redis import redis_client

MAX_MARKS = 2_000  # of a meeting
MAX_MARKS_EACH = 500  # of one participant
MAX_READ = 200  # in one step


class MarkRefused(Exception):
    """`code` is stable and for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def change_key(meeting_id: UUID | str) -> str:
    """Where Redis holds the newest change of a meeting's marks."""
    return f"marks:{meeting_id}"


def add_mark(author_id: UUID, new: AddMark) -> MarkChanged:
    """Store a mark; one that is stored already is returned as it stands. Raises MarkRefused."""
    text, owner = _cleaned(new)
    with transaction.atomic():
        author = Participant.objects.get(pk=author_id)
        meeting = Meeting.objects.select_for_update().get(pk=author.meeting_id)
        if known := Mark.objects.filter(pk=new.id).select_related("author", "segment").first():
            return _known(known, author)
        _check_room_for_more(meeting, author)
        segment = _segment(meeting, new.sequence)
        mark = Mark(
            id=new.id,
            meeting=meeting,
            author=author,
            segment=segment,
            kind=new.kind,
            text=text,
            owner=owner,
            due=new.due,
            at_ms=segment.start_ms if segment else meeting.offset_ms(timezone.now()),
        )
        _store(mark, meeting)
    return mark_view(mark)


def edit_mark(editor_id: UUID, edit: EditMark) -> MarkChanged:
    """Change a mark, take it back or bring it back; raises MarkRefused."""
    text, owner = _cleaned(edit)
    with transaction.atomic():
        editor = Participant.objects.get(pk=editor_id)
        meeting = Meeting.objects.select_for_update().get(pk=editor.meeting_id)
        mark = _editable(meeting, editor, edit)
        mark.kind, mark.text, mark.owner, mark.due = edit.kind, text, owner, edit.due
        mark.withdrawn_at = (mark.withdrawn_at or timezone.now()) if edit.withdrawn else None
        mark.revision += 1
        _store(mark, meeting)
    return mark_view(mark)


def _cleaned(request: AddMark | EditMark) -> tuple[str, str]:
    text, owner = request.text.strip(), request.owner.strip()
    if not text:
        raise MarkRefused("mark_empty", "a mark needs a text")
    if UNPRINTABLE.search(text) or INVISIBLE.search(owner):
        raise MarkRefused("mark_unprintable", "control characters are not allowed in a mark")
    return text, owner


def _known(mark: Mark, author: Participant) -> MarkChanged:
    if mark.author_id != author.pk:
        raise MarkRefused("mark_id_taken", "there is another mark with this id")
    return mark_view(mark)


def _check_room_for_more(meeting: Meeting, author: Participant) -> None:
    if not meeting.takes_audio:
        raise MarkRefused("meeting_ended", "this meeting is over")
    if meeting.marks.count() >= MAX_MARKS or author.marks.count() >= MAX_MARKS_EACH:
        raise MarkRefused("too_many_marks", f"a meeting takes {MAX_MARKS} marks, {MAX_MARKS_EACH} of each person")


def _segment(meeting: Meeting, sequence: int | None) -> Segment | None:
    if sequence is None:
        return None
    segment = meeting.segments.filter(sequence=sequence).first()
    if segment is None:
        raise MarkRefused("caption_unknown", f"there is no caption {sequence}")
    return segment


def _editable(meeting: Meeting, editor: Participant, edit: EditMark) -> Mark:
    mark = meeting.marks.select_related("author", "segment").filter(pk=edit.id).first()
    if mark is None:
        raise MarkRefused("mark_unknown", "there is no such mark in this meeting")
    if mark.author_id != editor.pk and not editor.is_host:
        raise MarkRefused("not_yours", "only its author and hosts change a mark")
    if not meeting.takes_audio:
        raise MarkRefused("meeting_ended", "this meeting is over")
    if mark.revision != edit.revision:
        raise MarkRefused("mark_changed_meanwhile", "somebody changed this mark meanwhile; look at it again")
    return mark


def _store(mark: Mark, meeting: Meeting) -> None:
    meeting.last_change += 1
    meeting.save(update_fields=["last_change"])
    mark.change = meeting.last_change
    mark.save()


async def announce(meeting_id: UUID, mark: MarkChanged) -> None:
    """Tell the room, which asks for a mark whose number it misses; raises RedisError where it cannot know even that."""
    await redis_client().set(change_key(meeting_id), mark.change, ex=24 * 3600)
    await fanout.publish(meeting_id, mark)


def mark_view(mark: Mark) -> MarkChanged:
    return MarkChanged(
        change=mark.change,
        id=str(mark.pk),
        kind=cast("MarkKind", mark.kind),
        text=mark.text,
        owner=mark.owner,
        due=mark.due.isoformat() if mark.due else None,
        at_ms=mark.at_ms,
        sequence=mark.segment.sequence if mark.segment else None,
        participant_id=str(mark.author_id),
        name=mark.author.display_name,
        color=mark.author.color,
        revision=mark.revision,
        withdrawn=mark.withdrawn_at is not None,
    )


def marks_after(meeting_id: UUID | str, change: int) -> list[MarkChanged]:
    """At most MAX_READ marks that changed after `change`, in order of their last change."""
    later = Mark.objects.filter(meeting_id=meeting_id, change__gt=change).select_related("author", "segment")
    return [mark_view(mark) for mark in later.order_by("change")[:MAX_READ]]
