"""What was said, what was changed in it since, and what people marked."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from meetings.languages import direction
from meetings.models.meeting import Meeting
from meetings.models.speaking import AudioStream, Participant
from meetings.searching import search_vector

FOR_SOFTWARE = ("words", "search")  # of a segment: most of a row, and nothing that people read


class Segment(models.Model):
    """One final caption, or a gap: the meeting's ordered log, numbered without holes."""

    class Kind(models.TextChoices):
        SPEECH = "speech", _("Speech")
        GAP = "gap", _("Gap")  # audio that never arrived

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="segments")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="segments")
    stream = models.ForeignKey(AudioStream, on_delete=models.CASCADE, related_name="segments")
    sequence = models.PositiveIntegerField(_("sequence"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.SPEECH)
    start_sample = models.PositiveBigIntegerField()  # at 16 kHz, in the stream
    end_sample = models.PositiveBigIntegerField()
    start_ms = models.PositiveBigIntegerField(_("start (ms)"))
    end_ms = models.PositiveBigIntegerField(_("end (ms)"))
    text = models.TextField(_("text"), blank=True)
    recognised_text = models.TextField(_("text as recognised"), blank=True, editable=False)
    words = models.JSONField(default=list, blank=True)  # [{"text", "start_ms", "end_ms", "confidence"}]
    language = models.CharField(_("language"), max_length=16, blank=True)
    confidence = models.FloatField(_("confidence"), default=0.0)
    hidden = models.BooleanField(_("hidden"), default=False)
    duplicate_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="copies", verbose_name=_("copy of")
    )  # the same voice, heard better by another microphone
    reviewed = models.BooleanField(_("reviewed"), default=False)
    revision = models.PositiveIntegerField(_("revision"), default=0)
    edit = models.PositiveIntegerField(default=0, editable=False)  # the meeting's number of its last change, 0 for none
    created_at = models.DateTimeField(_("stored"), auto_now_add=True)
    search = models.GeneratedField(expression=search_vector(), output_field=SearchVectorField(), db_persist=True)

    class Meta:
        ordering: ClassVar = ["sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "sequence"], name="one_segment_per_sequence"),
            models.UniqueConstraint(fields=["stream", "start_sample"], name="one_segment_per_stream_and_start"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["meeting", "start_ms"]),
            GinIndex(fields=["search"], name="segment_search"),
            models.Index(fields=["meeting", "edit"], condition=models.Q(edit__gt=0), name="edited_segments"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.participant}: {self.text[:60]}"

    def plain(self, name: str) -> Any:
        """A field as `SegmentRevision.before` holds it."""
        value = getattr(self, name)
        return str(value) if isinstance(value, uuid.UUID) else value

    def is_as(self, before: Mapping[str, Any]) -> bool:
        """Whether it is again what it was before some change."""
        return all(self.plain(name) == value for name, value in before.items())

    @property
    def direction(self) -> str:
        return direction(self.language, self.text)

    @property
    def is_corrected(self) -> bool:
        """It reads otherwise than it was heard; who said it may have changed without that."""
        return self.revision > 0 and self.text != self.recognised_text

    @property
    def is_copy(self) -> bool:
        """Another microphone heard the same voice better, and nobody wanted this line shown all the same."""
        return self.hidden and self.duplicate_of_id is not None

    @property
    def gap_seconds(self) -> str:
        """Length as people read it, in seconds."""
        return f"{(self.end_ms - self.start_ms) / 1_000:.1f}"


class SegmentRevision(models.Model):
    """A change to a segment: what it was before, by whom and when. Changes made in one go share `operation`."""

    class What(models.TextChoices):
        TEXT = "text", _("Text")
        REPLACE = "replace", _("Found and replaced")
        SPLIT = "split", _("Split")
        MERGE = "merge", _("Merged")
        SPEAKER = "speaker", _("Speaker")
        HIDDEN = "hidden", _("Hidden or shown")
        REVIEWED = "reviewed", _("Reviewed")
        SECOND = "second", _("Second pass")
        UNDO = "undo", _("Undone")

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="revisions")
    revision = models.PositiveIntegerField()
    operation = models.UUIDField(default=uuid.uuid4, db_index=True)
    what = models.CharField(max_length=8, choices=What.choices, default=What.TEXT)
    before = models.JSONField(default=dict)  # what was changed, as it was: field → value
    text_before = models.TextField(blank=True)
    text_after = models.TextField(blank=True)
    author = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "revision"], name="one_revision_per_segment_and_number"),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} r{self.revision}"


class ReviewStep(models.Model):
    """What happened to a meeting's transcript as a whole: its status, or the name of a speaker."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="review_steps")
    what = models.CharField(max_length=200)
    speaker = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="+")  # who was renamed
    reason = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.what} ({self.author_name})"

    @property
    def shown(self) -> str:
        """The status it has since, or the old and the new name."""
        return str(Meeting.Review(self.what).label) if self.what in Meeting.Review.values else self.what


class Mark(models.Model):
    """What somebody noted while people talked: a decision, an action item, a note, or a line of chat.

    Taken back is not deleted: `withdrawn_at` is set, and cleared when the taking back is undone.
    """

    class Kind(models.TextChoices):
        DECISION = "decision", _("Decision")
        ACTION = "action", _("Action item")
        NOTE = "note", _("Note")
        CHAT = "chat", _("Chat")

    id = models.UUIDField(
        primary_key=True, default=uuid.uuid4, editable=False
    )  # by the page: sent twice is stored once
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="marks")
    author = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="marks")
    segment = models.ForeignKey(Segment, null=True, blank=True, on_delete=models.SET_NULL, related_name="marks")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    text = models.TextField(_("text"), max_length=2_000)
    owner = models.CharField(_("owner"), max_length=80, blank=True)  # of an action item; need not be a participant
    due = models.DateField(_("due"), null=True, blank=True)
    at_ms = models.PositiveBigIntegerField(_("at (ms)"))  # the segment's start, or when it was written
    revision = models.PositiveIntegerField(_("revision"), default=0)
    change = models.PositiveIntegerField(editable=False)  # rises with every change of any mark of the meeting
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    created_at = models.DateTimeField(_("stored"), auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["at_ms", "created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "change"], name="one_mark_per_meeting_and_change"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:60]}"

    @property
    def evidence(self) -> list[int]:
        """The sequence of the line it belongs to, if any."""
        return [self.segment.sequence] if self.segment else []
