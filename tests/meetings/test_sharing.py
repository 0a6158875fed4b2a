"""A meeting is read by those the host lets read it, and by nobody else; a link can be taken back."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from meetings.exports import FORMATS
from meetings.models import AuditEntry, Document, Meeting, Minutes, Segment, ShareLink, User
from meetings.services import documents, sharing
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db
SECRET = "the budget is nine million"


@pytest.fixture
def past(meeting: Meeting) -> Meeting:
    say(meeting.participants.get(), 1_000, SECRET)
    return ended(meeting)


def read(client: Client, meeting: Meeting) -> int:
    return client.get(f"/m/{meeting.code}/transcript/").status_code


def test_everybody_with_an_account_reads_what_the_host_opens_to_them(past: Meeting, ada: User, eve: User) -> None:
    assert read(signed_in(eve), past) == 404
    answer = signed_in(ada).post(f"/m/{past.code}/sharing/", {"visibility": "organisation"})
    assert answer.status_code == 302
    assert read(signed_in(eve), past) == 200
    assert [line.segment.text for line in signed_in(eve).get("/search/?q=budget").context["hits"]] == [SECRET]
    assert read(Client(), past) == 404
    signed_in(ada).post(f"/m/{past.code}/sharing/", {"visibility": "participants"})
    assert read(signed_in(eve), past) == 404
    assert signed_in(eve).get("/search/?q=budget").context["hits"] == []


def test_an_unknown_visibility_is_refused(past: Meeting, ada: User) -> None:
    answer = signed_in(ada).post(f"/m/{past.code}/sharing/", {"visibility": "everybody"})
    assert answer.context["form"].errors
    past.refresh_from_db()
    assert past.visibility == Meeting.Visibility.PARTICIPANTS


def test_those_who_only_read_do_not_decide_who_reads(past: Meeting, eve: User) -> None:
    Meeting.objects.update(visibility=Meeting.Visibility.ORGANISATION)
    reader = signed_in(eve)
    assert reader.get(f"/m/{past.code}/sharing/").status_code == 403
    assert reader.post(f"/m/{past.code}/sharing/links/", {"days": "7"}).status_code == 403
    assert "/sharing/" not in reader.get(f"/m/{past.code}/transcript/").content.decode()


def test_who_makes_a_link_is_told_all_that_it_shows(past: Meeting, ada: User) -> None:
    assert "the transcript and the minutes" in signed_in(ada).get(f"/m/{past.code}/sharing/").content.decode()


def test_readers_of_the_organisation_cannot_end_a_meeting(meeting: Meeting, eve: User) -> None:
    Meeting.objects.update(visibility=Meeting.Visibility.ORGANISATION)
    assert signed_in(eve).post(f"/m/{meeting.code}/end/").status_code == 403


def new_link(host: User, meeting: Meeting) -> str:
    """The path of a link made on the host's page."""
    page = signed_in(host).post(f"/m/{meeting.code}/sharing/links/", {"days": "7"}).content.decode()
    path = re.search(r"http://testserver(/shared/[^/]+/)", page)
    assert path is not None
    return path[1]


def test_a_link_lets_anybody_read_and_shows_no_way_into_the_room(past: Meeting, ada: User) -> None:
    answer = Client().get(new_link(ada, past))
    page = answer.content.decode()
    assert SECRET in page
    assert past.code not in page
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer.headers["Cache-Control"]
    assert ShareLink.objects.get().last_used_at is not None


def test_a_link_shows_the_minutes_and_downloads_them_without_what_was_corrected(past: Meeting, ada: User) -> None:
    path = new_link(ada, past)
    Segment.objects.update(text="the budget is fine")
    decision = {"text": "Keep <b>it</b>", "at_ms": 1_000}
    action = {"text": "Write it down", "owner": "Grace", "due": "2026-03-09", "done": False, "at_ms": 2_000}
    Minutes.objects.create(meeting=past, summary="All well.", decisions=[decision], actions=[action])
    page = Client().get(path).content.decode()
    for shown in ("All well.", "Keep &lt;b&gt;it&lt;/b&gt;", "Write it down", "Grace", f"{path}minutes.pdf"):
        assert shown in page
    answer = Client().get(f"{path}minutes.txt", {"text": "original"})
    assert "Write it down" in answer.content.decode()
    assert "the budget is fine" in answer.content.decode()
    assert SECRET not in answer.content.decode()
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert Client().get(f"{path}minutes.exe").status_code == 404
    assert Client().get(f"{path}minutes.txt", {"names": "x"}).status_code == 400
    assert ("exported", "link") in AuditEntry.objects.values_list("action", "by")


def test_a_long_document_is_followed_and_fetched_by_the_link_alone(
    past: Meeting, ada: User, eve: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = replace(FORMATS["docx"], slow=replace(FORMATS["docx"].slow, lines=0))  # type: ignore[type-var]
    monkeypatch.setitem(FORMATS, "docx", slow)
    path = new_link(ada, past)
    answer = Client().get(f"{path}minutes.docx")
    page = Client().get(answer.headers["Location"]).content.decode()
    assert past.code not in page
    assert "/cancel" not in page
    assert Client().get(f"{answer.headers['Location']}file").status_code == 404
    documents.make(Document.objects.get().pk)
    assert Client().get(f"{answer.headers['Location']}state").json()["over"]
    assert Client().get(f"{answer.headers['Location']}file").content.startswith(b"PK")
    other = Meeting.objects.create(title="Eve's", host=eve)
    elsewhere = answer.headers["Location"].replace(path, new_link(eve, other))
    assert {Client().get(f"{elsewhere}{part}").status_code for part in ("", "state", "file")} == {404}
    ShareLink.objects.update(revoked_at=timezone.now())
    parts = (answer.headers["Location"], f"{answer.headers['Location']}file", path, f"{path}minutes.txt")
    assert {Client().get(part).status_code for part in parts} == {404}


def test_the_store_does_not_hold_the_token_and_the_page_shows_it_once(past: Meeting, ada: User) -> None:
    token = new_link(ada, past).split("/")[2]
    link = ShareLink.objects.get()
    assert token not in str(vars(link))
    assert token not in signed_in(ada).get(f"/m/{past.code}/sharing/").content.decode()


def test_a_link_opens_no_other_page(past: Meeting, ada: User) -> None:
    visitor = Client()
    visitor.get(new_link(ada, past))
    for page in ("transcript/", "minutes.txt", "insight/", "sharing/"):
        assert visitor.get(f"/m/{past.code}/{page}").status_code == 404


def test_a_revoked_link_is_dead_at_once(past: Meeting, ada: User) -> None:
    path = new_link(ada, past)
    link = ShareLink.objects.get()
    signed_in(ada).post(f"/m/{past.code}/sharing/links/{link.pk}/revoke/")
    assert Client().get(path).status_code == 404
    assert str(link.pk) not in signed_in(ada).get(f"/m/{past.code}/sharing/").content.decode()


def test_a_link_dies_when_its_time_is_over(past: Meeting, ada: User) -> None:
    path = new_link(ada, past)
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert {Client().get(f"{path}{part}").status_code for part in ("", "minutes.txt", "minutes.json")} == {404}


def test_the_host_of_another_meeting_revokes_nothing_here(past: Meeting, ada: User, eve: User) -> None:
    new_link(ada, past)
    link = ShareLink.objects.get()
    other = Meeting.objects.create(title="Eve's", host=eve)
    assert signed_in(eve).post(f"/m/{other.code}/sharing/links/{link.pk}/revoke/").status_code == 404
    assert sharing.working_links(past).get() == link


@pytest.mark.parametrize("days", ["0", "-1", "3650", "", "x"])
def test_links_that_never_expire_are_refused(past: Meeting, ada: User, days: str) -> None:
    answer = signed_in(ada).post(f"/m/{past.code}/sharing/links/", {"days": days})
    assert answer.context["link_form"].errors
    assert not ShareLink.objects.exists()


def test_the_number_of_links_is_bounded(past: Meeting, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MAX_LINKS", 2)
    for _ in range(3):
        signed_in(ada).post(f"/m/{past.code}/sharing/links/", {"days": "7"})
    assert ShareLink.objects.count() == 2
