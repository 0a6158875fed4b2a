"""Who met, the microphones they spoke into, and when nothing was kept."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.models.people import User


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
    audio_agreed = models.BooleanField(_("agreed that their audio is kept"), null=True)  # empty: has not been asked
    sounds_like = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("sounds like")
    )  # a guess, for who names the speakers of a recording
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
    silent_samples = models.PositiveBigIntegerField(default=0)  # at 16 kHz; settled, and in no final or gap
    wordless_samples = models.PositiveBigIntegerField(null=True, default=0)  # at 16 kHz, speech; empty: nobody counted
    received_until = models.PositiveBigIntegerField(default=0)  # at the stream's own rate; noted when audio pauses
    kept_until = models.PositiveBigIntegerField(default=0)  # at the stream's own rate; what may be kept before it, is
    erased = models.BooleanField(_("audio erased"), default=False)  # with a person heard in it: none is kept any more
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)  # all its audio is settled
    diarizing_at = models.DateTimeField(null=True, blank=True)  # last sign of life of who tells them apart
    diarizing_attempts = models.PositiveSmallIntegerField(default=0)
    untold = models.CharField(_("speakers untold"), max_length=16, blank=True)  # why, one of `recordings.UNTOLD`
    diarized_at = models.DateTimeField(_("speakers told apart"), null=True, blank=True)  # of a shared microphone

    class Meta:
        ordering: ClassVar = ["started_at"]

    def __str__(self) -> str:
        return f"{self.participant} {self.started_at:%H:%M:%S}"


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
