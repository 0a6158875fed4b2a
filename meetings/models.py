"""The truth: who met, who spoke, what was said. Times are integer milliseconds from the meeting's start."""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.accounts import UserManager
from meetings.languages import direction
from meetings.searching import search_vector


def new_join_code() -> str:
    """A join code of 128 random bits, safe in a URL."""
    return secrets.token_urlsafe(16)


class User(AbstractUser):
    """Somebody with an account; signs in by email address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("email address"), unique=True)
    display_name = models.CharField(_("name shown in meetings"), max_length=80)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.display_name or self.email.partition("@")[0][:80]  # guests see it: never the whole address


class Meeting(models.Model):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Not started")
        LIVE = "live", _("Live")
        FINISHING = "finishing", _("Finishing")  # ended, the last words are still being recognised
        ENDED = "ended", _("Ended")

    class Visibility(models.TextChoices):
        PARTICIPANTS = "participants", _("The people of the meeting")
        ORGANISATION = "organisation", _("Everybody with an account here")

    class Review(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")  # locked

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("join code"), max_length=32, unique=True, default=new_join_code, editable=False)
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=16, blank=True, help_text=_("Empty finds it per speaker."))
    agenda = models.TextField(_("agenda"), max_length=10_000, blank=True)
    host = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hosted_meetings", verbose_name=_("host"))
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    planned_at = models.DateTimeField(_("planned for"), null=True, blank=True)  # empty: now, or whenever somebody comes
    planned_minutes = models.PositiveSmallIntegerField(_("planned length (min)"), default=60)
    locked = models.BooleanField(_("locked"), default=False)  # nobody new joins
    waiting_room = models.BooleanField(_("waiting room"), default=False)  # newcomers wait until a host admits them
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.SCHEDULED)
    visibility = models.CharField(
        _("who can read it"), max_length=12, choices=Visibility.choices, default=Visibility.PARTICIPANTS
    )
    review = models.CharField(_("review"), max_length=12, choices=Review.choices, default=Review.DRAFT)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    last_sequence = models.PositiveIntegerField(default=0, editable=False)
    last_change = models.PositiveIntegerField(default=0, editable=False)  # of its marks
    last_edit = models.PositiveIntegerField(default=0, editable=False)  # of its segments

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["host", "-created_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def takes_audio(self) -> bool:
        return self.status in {self.Status.SCHEDULED, self.Status.LIVE}

    def offset_ms(self, moment: datetime) -> int:
        """Milliseconds from the meeting's start to `moment`; 0 before the start."""
        if self.started_at is None:
            return 0
        return max(0, (moment - self.started_at) // timedelta(milliseconds=1))


class Participant(models.Model):
    class Role(models.TextChoices):
        HOST = "host", _("Host")
        MEMBER = "member", _("Member")
        GUEST = "guest", _("Guest")

    class Admission(models.TextChoices):
        WAITING = "waiting", _("Waiting")  # until a host lets them in
        ADMITTED = "admitted", _("Admitted")
        REMOVED = "removed", _("Removed")  # by a host; does not come back

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="participations")
    display_name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    admission = models.CharField(_("admission"), max_length=8, choices=Admission.choices, default=Admission.ADMITTED)
    consented_at = models.DateTimeField(_("consented to transcription"), null=True, blank=True)
    color = models.PositiveSmallIntegerField(_("colour"), default=0)  # index into the palette, by order of joining
    joined_at = models.DateTimeField(_("joined"), null=True, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)  # empty while in the room

    class Meta:
        ordering: ClassVar = ["joined_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "user"], name="one_participant_per_user_and_meeting"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_host(self) -> bool:
        return self.role == self.Role.HOST


class AudioStream(models.Model):
    """One microphone session of a participant, numbered by sample."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="streams")
    sample_rate = models.PositiveIntegerField(_("sample rate"), default=16_000)
    language = models.CharField(_("language"), max_length=16, blank=True)
    shared = models.BooleanField(_("shared by several people"), default=False)
    offset_ms = models.PositiveBigIntegerField(_("starts at (ms)"))  # of sample 0, from the meeting's start
    fence = models.PositiveBigIntegerField(default=0)  # rises with every new owner: only the newest may store
    settled_sample = models.PositiveBigIntegerField(default=0)  # at 16 kHz; before it all is final, silence or gap
    received_until = models.PositiveBigIntegerField(default=0)  # at the stream's own rate; noted when audio pauses
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)  # all its audio is settled

    class Meta:
        ordering: ClassVar = ["started_at"]

    def __str__(self) -> str:
        return f"{self.participant} {self.started_at:%H:%M:%S}"


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

    @property
    def direction(self) -> str:
        return direction(self.language, self.text)

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


class OffRecord(models.Model):
    """A stretch of the meeting that is not transcribed: the audio of it is not taken, and everybody sees that."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="off_record")
    started_by = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)  # empty while it goes on

    class Meta:
        ordering: ClassVar = ["started_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting"], condition=models.Q(ended_at=None), name="off_the_record_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting} {self.started_at:%H:%M:%S}"

    @property
    def start_ms(self) -> int:
        return self.meeting.offset_ms(self.started_at)

    @property
    def end_ms(self) -> int | None:
        return self.meeting.offset_ms(self.ended_at) if self.ended_at else None


class ShareLink(models.Model):
    """Lets whoever has it read one meeting, until it expires or is revoked. The token itself is not stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256, hexadecimal
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.meeting} until {self.expires_at:%Y-%m-%d}"


class Recording(models.Model):
    """An uploaded file that becomes a meeting's transcript. Its bytes lie in a folder of their own until then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recordings", verbose_name=_("owner"))
    meeting = models.OneToOneField(
        Meeting, null=True, blank=True, on_delete=models.CASCADE, related_name="recording", verbose_name=_("meeting")
    )  # once its content was found good
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=16, blank=True)
    size_bytes = models.PositiveBigIntegerField(_("size (bytes)"))
    received_bytes = models.PositiveBigIntegerField(_("received (bytes)"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_complete(self) -> bool:
        return self.received_bytes == self.size_bytes


class Job(models.Model):
    """The work on one recording: where it is, how far, and why it stopped."""

    class Stage(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CHECKING = "checking", _("Checking the file")
        TRANSCRIBING = "transcribing", _("Transcribing")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, related_name="job")
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.WAITING)
    reason = models.CharField(_("reason"), max_length=16, blank=True)  # why it failed, one of `FAILURES`
    done_ms = models.PositiveBigIntegerField(_("transcribed (ms)"), default=0)
    length_ms = models.PositiveBigIntegerField(_("length (ms)"), default=0)  # 0: the file does not say
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    alive_at = models.DateTimeField(_("last sign of life"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.recording}: {self.get_stage_display()}"

    @property
    def is_over(self) -> bool:
        return self.stage in {self.Stage.DONE, self.Stage.FAILED, self.Stage.CANCELLED}

    @property
    def share(self) -> float:
        """How much of the length is transcribed, 0 to 1."""
        if self.stage == self.Stage.DONE:
            return 1.0
        return min(0.99, self.done_ms / self.length_ms) if self.length_ms else 0.0


class AuditEntry(models.Model):
    """Who did what with which meeting. It outlives the meeting, so it holds no title, name or text of it."""

    class Action(models.TextChoices):
        READ = "read", _("Read")
        SEARCHED = "searched", _("Searched")
        EXPORTED = "exported", _("Exported")
        CHANGED = "changed", _("Changed")
        SHARED = "shared", _("Shared")
        ANONYMISED = "anonymised", _("Anonymised a participant")
        DELETED = "deleted", _("Deleted")

    action = models.CharField(_("action"), max_length=12, choices=Action.choices)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("account"))
    by = models.CharField(_("by"), max_length=12)  # account, guest or link
    meeting_id = models.UUIDField(_("meeting"), null=True, db_index=True)  # no key: deleted meetings stay in the log
    created_at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.action}"


class ApiToken(models.Model):
    """What a program shows to act in a person's name, within its scopes; only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    shown = models.CharField(_("begins with"), max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256, hexadecimal
    scopes = models.JSONField(_("may"), default=list)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)  # to the minute
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown}…)"


class Minutes(models.Model):
    """What the host made of a meeting afterwards; until it is first saved, documents show what people marked."""

    class Template(models.TextChoices):
        FORMAL = "formal", _("Formal: everything, the transcript as an appendix")
        SHORT = "short", _("Short: results without notes and transcript")
        TRANSCRIPT = "transcript", _("Transcript only")

    meeting = models.OneToOneField(Meeting, on_delete=models.CASCADE, related_name="minutes")
    place = models.CharField(_("place"), max_length=200, blank=True)
    chair = models.CharField(_("chair"), max_length=80, blank=True)
    summary = models.TextField(_("summary"), max_length=10_000, blank=True)
    next_meeting = models.CharField(_("next meeting"), max_length=200, blank=True)
    template = models.CharField(_("template"), max_length=12, choices=Template.choices, default=Template.FORMAL)
    discussion = models.JSONField(default=list, blank=True)  # [{"item", "text"}], as the agenda has them
    decisions = models.JSONField(default=list, blank=True)  # [{"text", "at_ms"}]
    actions = models.JSONField(default=list, blank=True)  # [{"text", "owner", "due", "done", "at_ms"}]
    revision = models.PositiveIntegerField(default=0)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)  # then nothing changes any more
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)

    def __str__(self) -> str:
        return f"Minutes of {self.meeting}"
