"""Sessions of programs that are refused, each with its reason."""

import pytest
from django.utils import timezone

from config.environment import ConfigurationError, read_environment
from meetings.models import AudioStream, Meeting, User
from meetings.protocol.refusals import ProtocolError
from meetings.services import sessions
from meetings.streaming import Asked


@pytest.mark.django_db
def test_the_stream_of_a_browser_is_no_session(meeting: Meeting, ada: User) -> None:
    stream = AudioStream.objects.create(
        participant=meeting.participants.get(user=ada), sample_rate=48_000, offset_ms=0, started_at=timezone.now()
    )
    with pytest.raises(sessions.SessionRefused, match="browser"):
        sessions.resume(ada, str(stream.pk))


@pytest.mark.django_db
def test_a_code_with_a_character_that_no_code_has_is_no_meeting(ada: User) -> None:
    with pytest.raises(sessions.SessionRefused, match="no such meeting"):
        sessions.begin(ada, "no\0where", "Bot", "")


def test_only_languages_that_meetings_have_are_taken() -> None:
    assert Asked.of(b"language=de").language == "de"
    assert Asked.of(b"").language == ""
    for unknown in (b"klingon", b"de%00", b"x" * 100):
        with pytest.raises(ProtocolError, match="not known"):
            Asked.of(b"language=" + unknown)


@pytest.mark.parametrize("name", ["PROGRAM_SESSION_SECONDS", "PROGRAM_IDLE_SECONDS", "PROGRAM_STREAMS"])
def test_a_limit_that_no_program_could_keep_is_refused_by_name(name: str) -> None:
    stores = {"DATABASE_URL": "postgresql://localhost/db", "REDIS_URL": "redis://localhost/0"}
    assert getattr(read_environment({**stores, name: "120"}), name.lower()) == 120
    with pytest.raises(ConfigurationError, match=name):
        read_environment({**stores, name: "0"})
