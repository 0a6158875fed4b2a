"""What the recogniser of a meeting listens for."""

from typing import Any

import pytest

from meetings.models import Meeting, Participant, User
from meetings.protocol.requests import AudioStart
from meetings.services import rooms
from meetings.services.corrections import Author, Line, correct_text
from meetings.services.streams import open_stream
from meetings.services.vocabulary import MAX_TERMS, vocabulary_of
from tests.meetings.cast import live_meeting, say, signed_in
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(meeting: Meeting) -> Participant:
    return meeting.participants.get()


def change(meeting: Meeting, **fields: Any) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(**fields)


def heard_for(host: Participant) -> tuple[str, ...]:
    info, _ = open_stream(host.pk, AudioStart(language="en"))
    return info.vocabulary


def test_what_the_host_lists_who_is_there_and_what_is_planned(meeting: Meeting, host: Participant) -> None:
    change(
        meeting,
        title="weekly sync",
        agenda="budget of the B2B team\nvisit to São Paulo",
        terms="Grafana, Ada  Lovelace\n\nx;Qt",
    )
    Participant.objects.create(meeting=meeting, display_name="Grace Hopper", role=Participant.Role.GUEST, color=2)
    assert heard_for(host) == (
        "Grafana", "Ada Lovelace", "Qt", "Ada", "Grace Hopper", "Grace", "Hopper", "B2B", "São", "Paulo",
    )  # fmt: skip


def test_what_was_put_right_in_earlier_meetings_of_the_host(
    meeting: Meeting, host: Participant, ada: User, eve: User
) -> None:
    for owner, right in ((ada, "We use Valkey and a broom"), (eve, "Secret of Eve")):
        earlier = live_meeting(owner)
        line = say(earlier.participants.get(), 1_000, "We use valley and a room")
        correct_text(earlier, Line(line.sequence, line.revision), right, Author("Ada"))
    assert "Valkey" in vocabulary_of(host)
    assert {"broom", "We", "Secret", "Eve"}.isdisjoint(vocabulary_of(host))


def test_it_is_bounded(meeting: Meeting, host: Participant) -> None:
    change(meeting, terms="\n".join([*(f"Term{number}" for number in range(500)), "N" * 100]))
    terms = heard_for(host)
    assert len(terms) == MAX_TERMS
    assert max(map(len, terms)) < 100


def test_a_host_finds_the_terms_of_the_last_meeting_in_the_form(ada: User, eve: User) -> None:
    browser = signed_in(ada)
    browser.post("/meetings/new/", {"title": "One", "time_zone": "UTC", "planned_minutes": "60", "terms": "Grafana"})
    assert Meeting.objects.get(title="One").terms == "Grafana"
    assert "Grafana</textarea>" in browser.get("/meetings/new/").content.decode()
    assert "Grafana" not in signed_in(eve).get("/meetings/new/").content.decode()
    assert rooms.terms_of_last_meeting(eve.pk) == ""


def test_too_many_terms_are_refused(ada: User) -> None:
    fields = {"title": "One", "time_zone": "UTC", "planned_minutes": "60", "terms": "x" * 5_001}
    assert "terms" in signed_in(ada).post("/meetings/new/", fields).context["form"].errors
    program = Program(ada)
    assert program.post("/meetings", {"title": "Two", "terms": "x" * 5_001}, 422)["errors"][0]["field"] == "body.terms"
    made = program.post("/meetings", {"title": "Two", "terms": "Grafana"})
    assert program.patch(f"/meetings/{made['id']}", {"terms": "Valkey"})["terms"] == "Valkey"
