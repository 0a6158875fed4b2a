"""A small cast: Ada hosts, Grace is a guest with a seat, Eve has nothing to do with any of it; and what they do."""

from datetime import UTC, datetime, timedelta

from django.test import Client

from meetings.models import AudioStream, Meeting, Participant, Segment, User

START = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
PASSWORD = "a-long-enough-phrase-1"


def account(name: str) -> User:
    return User.objects.create_user(f"{name.lower()}@example.org", PASSWORD, display_name=name)


def administrator() -> User:
    return User.objects.create_superuser("root@example.org", PASSWORD, display_name="Root")


def signed_in(user: User) -> Client:
    """The user's browser."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def live_meeting(host: User) -> Meeting:
    """A live meeting, which its host has entered."""
    meeting = Meeting.objects.create(
        title="Weekly sync",
        host=host,
        status=Meeting.Status.LIVE,
        started_at=START,
        time_zone="Europe/Berlin",
        agenda="Budget\nRelease",
    )
    seat = {"display_name": str(host), "role": Participant.Role.HOST, "joined_at": START}
    Participant.objects.create(meeting=meeting, user=host, **seat)
    return meeting


def ended(meeting: Meeting, minutes: int = 65) -> Meeting:
    meeting.status = Meeting.Status.ENDED
    meeting.ended_at = START + timedelta(minutes=minutes)
    meeting.save()
    return meeting


def say(person: Participant, start_ms: int, text: str, length_ms: int = 1_500) -> Segment:
    """A stored caption; an empty text is a gap."""
    meeting = person.meeting
    meeting.last_sequence += 1
    meeting.save(update_fields=["last_sequence"])
    stream, _ = AudioStream.objects.get_or_create(participant=person, defaults={"offset_ms": 0})
    return Segment.objects.create(
        meeting=meeting,
        participant=person,
        stream=stream,
        sequence=meeting.last_sequence,
        kind=Segment.Kind.SPEECH if text else Segment.Kind.GAP,
        start_sample=start_ms * 16,
        end_sample=(start_ms + length_ms) * 16,
        start_ms=start_ms,
        end_ms=start_ms + length_ms,
        text=text,
        recognised_text=text,
        language="en",
        confidence=0.9,
    )
