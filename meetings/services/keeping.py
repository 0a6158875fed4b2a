"""Keeping the audio: off until a host turns it on, and then only of those who agree, from that moment on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from meetings.models import KeptSpan, Meeting, Participant
from meetings.services.hosting import HostingRefused

STUCK_SECONDS = 15  # for which one failure is told


def stuck_key(meeting_id: UUID | str) -> str:
    """What Redis holds while audio of a meeting cannot be kept."""
    return f"kept:stuck:{meeting_id}"


def keep_audio(host_id: UUID, on: bool) -> tuple[Meeting, Participant]:
    """Turn it on or off for all; the host who turns it on agrees for themselves. Raises HostingRefused."""
    with transaction.atomic():
        host = Participant.objects.get(pk=host_id)
        meeting = Meeting.objects.select_for_update().get(pk=host.meeting_id)
        if not meeting.takes_audio:
            raise HostingRefused("meeting_ended", "this meeting is over")
        meeting.keep_audio = on
        meeting.save(update_fields=["keep_audio"])
        if on and host.audio_agreed is None:
            host.audio_agreed = True
            host.save(update_fields=["audio_agreed"])
        follow(meeting, meeting.participants.all())
    return meeting, host


def agree(participant_id: UUID, agreed: bool) -> Participant:
    """The participant's own word on their audio; it holds from now on."""
    with transaction.atomic():
        participant = Participant.objects.select_related("meeting").get(pk=participant_id)
        Meeting.objects.select_for_update().get(pk=participant.meeting_id)
        participant.audio_agreed = agreed
        participant.save(update_fields=["audio_agreed"])
        follow(participant.meeting, [participant])
    return participant


def follow(meeting: Meeting, people: Iterable[Participant]) -> None:
    """Open and close spans so that they say what holds now."""
    now, people = timezone.now(), list(people)
    kept = {person.pk for person in people if meeting.keep_audio and person.audio_agreed}
    running = KeptSpan.objects.filter(participant__in=[person.pk for person in people], ended_at=None)
    running.exclude(participant__in=kept).update(ended_at=now)
    known = set(running.filter(participant__in=kept).values_list("participant", flat=True))
    KeptSpan.objects.bulk_create(KeptSpan(participant_id=pk, started_at=now) for pk in kept - known)


@dataclass(frozen=True, slots=True)
class Keeping:
    """When a participant's audio may be kept; what they said at other times never is, however late it comes."""

    spans: Sequence[tuple[datetime, datetime | None]] = ()

    def covers(self, moment: datetime) -> bool:
        return any(start <= moment and (end is None or moment < end) for start, end in self.spans)


def keeping_of(participant_id: UUID) -> Keeping:
    return Keeping(list(KeptSpan.objects.filter(participant_id=participant_id).values_list("started_at", "ended_at")))
