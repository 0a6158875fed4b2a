"""Lines that a second microphone heard too are left out, and shown to who asks; lines taken out by hand are not."""

import pytest

from meetings.models import Meeting, User
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def past(meeting: Meeting) -> Meeting:
    """A line, its copy, and a line that somebody took out."""
    host = meeting.participants.get()
    original, copy, secret = (say(host, at, text) for at, text in enumerate(("Good day.", "Could pay.", "A secret.")))
    copy.hidden, copy.duplicate_of = True, original
    secret.hidden = True
    copy.save()
    secret.save()
    return ended(meeting)


def read(meeting: Meeting, user: User, path: str) -> str:
    return signed_in(user).get(f"/m/{meeting.code}/{path}").content.decode()


def test_a_transcript_shows_copies_on_request_and_lines_taken_out_never(past: Meeting, ada: User) -> None:
    plain, shown = read(past, ada, "transcript/"), read(past, ada, "transcript/?copies=1")
    assert "Could pay." not in plain
    assert "1 line is left out" in plain
    assert "Could pay." in shown
    assert "A secret." not in plain + shown
    said_of_lines = ("also heard by another microphone", "did not arrive", "edited")  # found by who looks for it
    assert [shown.count(text) for text in said_of_lines] == [1, 0, 0]


@pytest.mark.parametrize("path", ["minutes.txt", "minutes.srt", "minutes.json", "insight/"])
def test_documents_and_figures_leave_copies_out(past: Meeting, ada: User, path: str) -> None:
    assert "Could pay." not in read(past, ada, path)


def test_a_reviewer_sees_the_copy_among_the_hidden_lines(past: Meeting, ada: User) -> None:
    lines = signed_in(ada).get(f"/m/{past.code}/review/lines").json()["lines"]
    assert [line["hidden"] for line in lines] == [False, True, True]
