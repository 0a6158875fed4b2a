"""Long transcripts: their pages read from the store what they show, and nothing else of each line."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from meetings.models import Meeting, User
from meetings.services import sharing
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db


def read(browser: Client, path: str) -> tuple[int, str]:
    """How often the store is asked, and for what of the lines."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get(path).status_code == 200
    asked = [query["sql"] for query in queries if 'FROM "meetings_segment"' in query["sql"]]
    return len(queries), " ".join(query.partition(" FROM ")[0] for query in asked)


@pytest.mark.parametrize(
    ("page", "unread"),
    [
        ("transcript", ("words", "search")),
        ("shared", ("words", "search")),
        ("room", ("words", "search")),
        ("review/lines", ("recognised_text", "search")),
        ("minutes.txt", ("search",)),
    ],
)
def test_a_page_reads_what_it_shows_and_asks_as_often_for_more_lines(
    meeting: Meeting, ada: User, page: str, unread: tuple[str, ...]
) -> None:
    token = sharing.make_link(meeting, ada, 7)
    path = f"/shared/{token}/" if page == "shared" else f"/m/{meeting.code}/{page}"
    path += "/" if page in {"transcript", "room"} else ""
    for number in range(3):
        say(meeting.participants.get(), number * 2_000, "Hello.")
    if page != "room":
        ended(meeting)
    few, columns = read(signed_in(ada), path)
    assert '"meetings_segment"."text"' in columns
    assert not any(f'"meetings_segment"."{name}"' in columns for name in unread)
    for number in range(3, 30):
        say(meeting.participants.get(), number * 2_000, "Hello.")
    assert read(signed_in(ada), path)[0] == few


@pytest.mark.parametrize("page", ["transcript", "shared"])
def test_a_line_to_be_read_costs_little_beyond_its_words(meeting: Meeting, ada: User, page: str) -> None:
    path = f"/shared/{sharing.make_link(meeting, ada, 7)}/" if page == "shared" else f"/m/{meeting.code}/transcript/"
    ended(meeting)
    sizes = []
    for number in range(22):
        say(meeting.participants.get(), number * 2_000, "Hello.")
        sizes.append(len(signed_in(ada).get(path).content))
    assert (sizes[-1] - sizes[1]) / 20 < 300
