"""What was said, and corrections of it, through the API."""

from typing import Any
from uuid import UUID

import pytest

from meetings import fanout
from meetings.models import Meeting, Participant, Segment, User
from meetings.protocol.events import RoomEvent, SegmentUpdated
from meetings.services import corrections
from tests.meetings.cast import say
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(ada: User) -> Program:
    return Program(ada)


@pytest.fixture
def segment(meeting: Meeting) -> Segment:
    made = say(meeting.participants.get(), 1_000, "Teh budget")
    word = {"text": "Teh", "start_ms": 1_000, "end_ms": 1_300, "confidence": 0.5}
    Segment.objects.filter(pk=made.pk).update(words=[word])
    return made


def test_a_segment_has_who_when_and_what(program: Program, segment: Segment) -> None:
    found = program.get(f"/segments/{segment.pk}")
    assert (found["speaker"], found["start_ms"], found["end_ms"]) == ("Ada", 1_000, 2_500)
    assert found["words"] == [{"text": "Teh", "start_ms": 1_000, "end_ms": 1_300, "confidence": 0.5}]
    listed = program.get(f"/meetings/{segment.meeting_id}/segments", words="true")["items"]
    assert listed == [found]
    assert program.get(f"/meetings/{segment.meeting_id}/segments")["items"] == [{**found, "words": []}]


def test_a_live_meeting_is_followed_by_its_last_number(program: Program, meeting: Meeting) -> None:
    ada = meeting.participants.get()
    grace = Participant.objects.create(meeting=meeting, display_name="Grace", role="guest", color=1)
    for index in range(5):
        say(grace if index % 2 else ada, 1_000 * index, f"line {index}")
    path = f"/meetings/{meeting.pk}/segments"
    first = program.get(path, limit=2)
    assert [item["sequence"] for item in first["items"]] == [1, 2]
    assert [item["sequence"] for item in program.get(path, cursor=first["next_cursor"])["items"]] == [3, 4, 5]
    assert [item["sequence"] for item in program.get(path, after_sequence=4)["items"]] == [5]
    of_grace = program.get(path, participant_id=str(grace.pk))["items"]
    assert [item["text"] for item in of_grace] == ["line 1", "line 3"]


def test_a_correction_keeps_what_was_there(program: Program, segment: Segment) -> None:
    corrected = program.patch(f"/segments/{segment.pk}", {"text": "The budget", "revision": 0})
    assert (corrected["text"], corrected["recognised_text"], corrected["revision"]) == ("The budget", "Teh budget", 1)
    [revision] = program.get(f"/segments/{segment.pk}/revisions")["items"]
    assert (revision["text_before"], revision["text_after"]) == ("Teh budget", "The budget")
    assert revision["author_name"] == "Ada"


def test_a_correction_that_no_room_can_be_told_of_is_kept(
    program: Program, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise ConnectionError

    monkeypatch.setattr(corrections, "redis_client", away)
    assert program.patch(f"/segments/{segment.pk}", {"text": "The budget", "revision": 0})["revision"] == 1


def test_a_correction_of_what_was_corrected_meanwhile_is_a_conflict(program: Program, segment: Segment) -> None:
    program.patch(f"/segments/{segment.pk}", {"text": "The budget", "revision": 0})
    problem = program.patch(f"/segments/{segment.pk}", {"text": "A budget", "revision": 0}, 409)
    assert problem["code"] == "outdated"
    segment.refresh_from_db()
    assert segment.text == "The budget"


def test_only_host_administrator_and_speaker_correct(segment: Segment, eve: User, admin: User) -> None:
    Participant.objects.create(meeting=segment.meeting, user=eve, display_name="Eve", role="member")
    path = f"/segments/{segment.pk}"
    Program(eve).patch(path, {"text": "Mine", "revision": 0}, 403)
    assert Program(admin).patch(path, {"text": "Ours", "revision": 0})["text"] == "Ours"
    own = say(Participant.objects.get(user=eve), 5_000, "Helo")
    assert Program(eve).patch(f"/segments/{own.pk}", {"text": "Hello", "revision": 0})["text"] == "Hello"


def test_a_gap_has_no_text_to_correct(program: Program, meeting: Meeting) -> None:
    gap = say(meeting.participants.get(), 1_000, "")
    assert program.patch(f"/segments/{gap.pk}", {"text": "Words", "revision": 0}, 409)["code"] == "gap"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "x"},
        {"text": "x", "revision": -1},
        {"text": "x", "revision": 2**31},
        {"text": "a\x00b", "revision": 0},
        {"text": "x" * 10_001, "revision": 0},
        {"text": "x", "revision": 0, "start_ms": 5},
    ],
)
def test_a_correction_that_cannot_be_is_refused(program: Program, segment: Segment, body: dict[str, Any]) -> None:
    assert program.patch(f"/segments/{segment.pk}", body, 422)["errors"]


@pytest.mark.parametrize("segment_id", ["0", "-1", "x", "9" * 30])
def test_an_id_that_cannot_be_is_refused(program: Program, segment_id: str) -> None:
    program.get(f"/segments/{segment_id}", 422)


def test_segments_of_others_are_not_there(segment: Segment, eve: User) -> None:
    program = Program(eve)
    program.get(f"/segments/{segment.pk}", 404)
    program.get(f"/segments/{segment.pk}/revisions", 404)
    program.patch(f"/segments/{segment.pk}", {"text": "Mine", "revision": 0}, 404)
    program.get("/segments/999999", 404)


def test_a_page_of_segments_costs_a_few_queries(
    program: Program, meeting: Meeting, django_assert_max_num_queries: Any
) -> None:
    for index in range(30):
        say(meeting.participants.get(), 1_000 * index, "word")
    program.get(f"/meetings/{meeting.pk}/segments")  # noted as reading, once
    with django_assert_max_num_queries(4):  # token, meeting, whether the reading is noted, segments
        assert len(program.get(f"/meetings/{meeting.pk}/segments")["items"]) == 30


def test_open_rooms_are_told_of_a_correction_made_by_a_program(
    program: Program, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def publish(meeting_id: UUID, event: RoomEvent) -> None:
        told.append((meeting_id, event))

    told: list[tuple[UUID, RoomEvent]] = []
    monkeypatch.setattr(fanout, "publish", publish)
    program.patch(f"/segments/{segment.pk}", {"text": "The budget", "revision": 0})
    [(meeting_id, event)] = told
    assert isinstance(event, SegmentUpdated)
    assert (meeting_id, event.text, event.revision) == (segment.meeting_id, "The budget", 1)
    program.patch(f"/segments/{segment.pk}", {"text": "Late", "revision": 0}, 409)
    assert len(told) == 1
