"""The life of a meeting: who becomes what in it, and that each step happens once."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from redis.exceptions import ConnectionError as RedisConnectionError

from meetings import fanout, tasks
from meetings.models import Meeting, Participant, User
from meetings.protocol.events import MeetingEnded, RoomEvent
from meetings.services import access, rooms

pytestmark = pytest.mark.django_db

Announced = list[tuple[object, RoomEvent]]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Announced:
    """What was told to the room."""
    told: Announced = []
    monkeypatch.setattr(fanout, "announce", lambda meeting_id, event: told.append((meeting_id, event)))
    return told


@pytest.fixture
def planned(ada: User) -> Meeting:
    return rooms.create_meeting(ada, "Planning", language="de", time_zone="Europe/Berlin")


def test_a_new_meeting_waits_and_its_code_has_128_bits(planned: Meeting) -> None:
    assert planned.status == Meeting.Status.SCHEDULED
    assert re.fullmatch(r"[A-Za-z0-9]{22,}", planned.code)  # no dash, which a command would take for an option
    assert rooms.create_meeting(planned.host, "Planning").code != planned.code


def test_the_role_follows_from_who_joins(planned: Meeting, ada: User, eve: User) -> None:
    host = rooms.join(planned, user=ada, session={}, display_name="")
    member = rooms.join(planned, user=eve, session={}, display_name="")
    guest = rooms.join(planned, user=AnonymousUser(), session={}, display_name="Grace")
    assert [(p.display_name, p.role, p.color) for p in (host, member, guest)] == [
        ("Ada", "host", 0),
        ("Eve", "member", 1),
        ("Grace", "guest", 2),
    ]


def test_joining_neither_starts_the_meeting_nor_counts_as_being_there(planned: Meeting, ada: User) -> None:
    participant = rooms.join(planned, user=ada, session={}, display_name="")
    planned.refresh_from_db()
    assert participant.joined_at is None
    assert planned.status == Meeting.Status.SCHEDULED


def test_joining_again_finds_the_same_participant(planned: Meeting, eve: User) -> None:
    session: dict[str, object] = {}
    guest = rooms.join(planned, user=AnonymousUser(), session=session, display_name="Grace")
    assert rooms.join(planned, user=AnonymousUser(), session=session, display_name="Other") == guest
    assert rooms.join(planned, user=eve, session={}, display_name="") == rooms.join(
        planned, user=eve, session={}, display_name=""
    )
    assert planned.participants.count() == 2


def test_a_guest_is_remembered_for_each_meeting(planned: Meeting, meeting: Meeting) -> None:
    session: dict[str, object] = {}
    first = rooms.join(planned, user=AnonymousUser(), session=session, display_name="Grace")
    second = rooms.join(meeting, user=AnonymousUser(), session=session, display_name="Grace")
    assert access.participant_of(planned, AnonymousUser(), session) == first
    assert access.participant_of(meeting, AnonymousUser(), session) == second


def test_an_account_without_a_name_does_not_show_its_address(planned: Meeting) -> None:
    nameless = User.objects.create_user("kim.secret@example.org")
    participant = rooms.join(planned, user=nameless, session={}, display_name="")
    assert participant.display_name == "kim.secret"


def test_the_seat_of_an_account_cannot_be_taken_by_a_session(meeting: Meeting, eve: User) -> None:
    adas = meeting.participants.get()
    forged = {access.SESSION_KEY: {str(meeting.pk): str(adas.pk)}}
    assert access.participant_of(meeting, AnonymousUser(), forged) is None
    assert access.participant_of(meeting, eve, forged) is None


@pytest.mark.parametrize("status", [Meeting.Status.FINISHING, Meeting.Status.ENDED])
def test_nobody_new_joins_an_ended_meeting(meeting: Meeting, ada: User, eve: User, status: str) -> None:
    Meeting.objects.update(status=status)
    with pytest.raises(rooms.MeetingOver):
        rooms.join(meeting, user=eve, session={}, display_name="")
    assert rooms.join(meeting, user=ada, session={}, display_name="").is_host


def test_a_meeting_starts_once(planned: Meeting) -> None:
    rooms.start_meeting(planned)
    planned.refresh_from_db()
    started = planned.started_at
    assert planned.status == Meeting.Status.LIVE
    assert started is not None
    rooms.start_meeting(planned)
    planned.refresh_from_db()
    assert planned.started_at == started


def test_an_ended_meeting_does_not_start_again(planned: Meeting, announced: Announced) -> None:
    rooms.end_meeting(planned)
    rooms.start_meeting(planned)
    planned.refresh_from_db()
    assert planned.status == Meeting.Status.FINISHING


@pytest.mark.django_db(transaction=True)
def test_the_end_and_its_completion_are_told_once(meeting: Meeting, announced: Announced) -> None:
    rooms.end_meeting(meeting)
    meeting.refresh_from_db()
    at = meeting.ended_at
    rooms.end_meeting(meeting)
    meeting.refresh_from_db()
    assert (meeting.status, meeting.ended_at) == (Meeting.Status.FINISHING, at)
    rooms.complete_meeting(meeting)
    rooms.complete_meeting(meeting)
    meeting.refresh_from_db()
    assert meeting.status == Meeting.Status.ENDED
    assert announced == [(meeting.pk, MeetingEnded(complete=False)), (meeting.pk, MeetingEnded(complete=True))]


def test_a_running_meeting_cannot_be_completed(meeting: Meeting, announced: Announced) -> None:
    rooms.complete_meeting(meeting)
    meeting.refresh_from_db()
    assert meeting.status == Meeting.Status.LIVE


@pytest.mark.django_db(transaction=True)
def test_many_joining_at_once_get_one_seat_each_and_colours_of_their_own(meeting: Meeting, eve: User) -> None:
    def enter(number: int) -> Participant:
        try:
            if number % 2:
                return rooms.join(meeting, user=eve, session={}, display_name="")
            return rooms.join(meeting, user=AnonymousUser(), session={}, display_name=f"Guest {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter, range(8)))
    people = list(meeting.participants.all())
    assert len([person for person in people if person.user_id == eve.pk]) == 1
    assert sorted(person.color for person in people) == list(range(6))


@pytest.fixture
def nobody_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise RedisConnectionError("scripted")

    monkeypatch.setattr(fanout, "announce", away)


@pytest.mark.usefixtures("nobody_reached")
@pytest.mark.django_db(transaction=True)
def test_a_meeting_ends_also_while_nobody_can_be_told(planned: Meeting) -> None:
    rooms.end_meeting(planned)
    planned.refresh_from_db()
    assert planned.status == Meeting.Status.FINISHING


@pytest.mark.usefixtures("nobody_reached")
@pytest.mark.django_db(transaction=True)
def test_a_meeting_is_complete_only_when_everybody_is_told(planned: Meeting) -> None:
    rooms.end_meeting(planned)
    with pytest.raises(RedisConnectionError):
        rooms.complete_meeting(planned)
    planned.refresh_from_db()
    assert planned.status == Meeting.Status.FINISHING


def test_who_missed_the_end_is_told_again_while_the_meeting_finishes(
    planned: Meeting, announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drained(_stream_ids: list[str]) -> bool:
        return False

    rooms.end_meeting(planned)
    monkeypatch.setattr(tasks, "_drained", drained)
    assert tasks.complete_meetings() == 0
    assert announced[-1] == (planned.pk, MeetingEnded(complete=False))
