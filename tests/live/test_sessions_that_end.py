"""A session nobody comes back to ends; one that is kept does not."""

import secrets

import pytest
from pytest_django import Settings
from redis import Redis

from meetings.models import AudioStream, Meeting, Participant, User
from meetings.redis import with_redis
from meetings.services import presence, sessions
from meetings.tasks import end_sessions
from tests.meetings.cast import account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(redis_url: str) -> User:
    with Redis.from_url(redis_url) as client:
        client.delete(sessions.SESSIONS)
    return account(f"Ada{secrets.token_hex(4)}")


def kept(session: sessions.Session) -> str:
    stream_id = session.info.stream_id
    with_redis(lambda: sessions.keep(stream_id))
    return stream_id


def test_a_session_ends_an_hour_after_its_last_audio(ada: User, settings: Settings) -> None:
    lives = sessions.begin(ada, "", "lives", "")
    kept(lives)
    settings.PROGRAM_SESSION_SECONDS = -1
    ends = sessions.begin(ada, "", "ends", "")
    stream_id = kept(ends)
    assert end_sessions() == 1
    assert end_sessions() == 0
    assert dict(Meeting.objects.values_list("title", "status")) == {"lives": "live", "ends": "finishing"}
    with pytest.raises(sessions.SessionOver):
        sessions.resume(ada, stream_id)
    assert sessions.resume(ada, lives.info.stream_id).info == lives.info


def test_a_meeting_of_others_is_not_ended_with_the_session(ada: User) -> None:
    own = sessions.begin(ada, "", "own", "")
    shared = sessions.begin(ada, own.participant.meeting.code, "in it", "de")
    assert shared.participant == own.participant
    assert not shared.own_meeting
    assert shared.info.language == "de"


@pytest.mark.parametrize("status", [Meeting.Status.FINISHING, Meeting.Status.ENDED])
def test_who_was_in_a_meeting_does_not_speak_in_it_after_its_end(ada: User, status: str) -> None:
    own = sessions.begin(ada, "", "own", "")
    presence.record_left(own.participant.pk)
    Meeting.objects.update(status=status)
    with pytest.raises(sessions.SessionOver):
        sessions.begin(ada, own.participant.meeting.code, "late", "")
    assert AudioStream.objects.count() == 1
    assert Participant.objects.get().left_at is not None


@pytest.mark.parametrize("admission", ["waiting", "removed"])
def test_who_waits_or_was_removed_does_not_speak(ada: User, admission: str) -> None:
    own = sessions.begin(ada, "", "own", "")
    Participant.objects.filter(pk=own.participant.pk).update(admission=admission)
    with pytest.raises(sessions.SessionRefused):
        sessions.resume(ada, own.info.stream_id)
    with pytest.raises(sessions.SessionRefused):
        sessions.begin(ada, own.participant.meeting.code, "again", "")
    assert not sessions.may_speak(own.participant.pk)
