"""Documents that take long: ordered once, made by the worker, followed, cancelled, kept for a day."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meetings import exports, tasks
from meetings.exports import ExportUnavailable, Minutes, Progress
from meetings.models import Document, Meeting, User
from meetings.services import documents, privacy
from tests.meetings.cast import ended, say, signed_in
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """An ended meeting that is long for what counts as long here; its files are kept in memory."""
    for number in range(4):
        say(meeting.participants.get(), number * 2_000, f"Line {number}.")
    slow_down(monkeypatch, lambda minutes, progress: b"made")
    monkeypatch.setattr(Document._meta.get_field("file"), "storage", InMemoryStorage())
    return ended(meeting)


def slow_down(monkeypatch: pytest.MonkeyPatch, render: Any) -> None:
    """Word documents of more than three lines take long, and are made so."""
    plain = exports.FORMATS["docx"]
    slow = exports.Format(plain.name, plain.purpose, plain.content_type, plain.render, exports.Slow(3, render))
    monkeypatch.setitem(exports.FORMATS, "docx", slow)
    monkeypatch.setattr(documents, "TOLD_EVERY_S", 0.0)


def ordered(browser: Client, meeting: Meeting, **options: str) -> Document:
    answer = browser.get(f"/m/{meeting.code}/minutes.docx", options)
    assert answer.status_code == 302, answer.content
    document = Document.objects.get(pk=answer.headers["Location"].split("/")[-2])
    assert answer.headers["Location"] == reverse("document", args=[meeting.code, document.pk])
    return document


def path(document: Document, name: str) -> str:
    return reverse(name, args=[document.meeting.code, document.pk])


def test_a_long_document_is_ordered_made_and_downloaded(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(minutes: Minutes, progress: Progress) -> bytes:
        progress(0.5)
        seen.append(browser.get(path(document, "document-state")).json())
        return f"{minutes.labels} {minutes.lines[0].name!r}".encode()

    seen: list[dict[str, Any]] = []
    browser = signed_in(held.host)
    document = ordered(browser, held, names="0", language="fr")
    assert b"Waiting" in browser.get(path(document, "document")).content
    assert browser.get(path(document, "document-file")).status_code == 404
    slow_down(monkeypatch, render)
    tasks.make_document(str(document.pk))
    assert seen == [{"stage": "Being made", "percent": 50, "over": False}]
    assert browser.get(path(document, "document-state")).json() == {"stage": "Ready", "percent": 100, "over": True}
    answer = browser.get(path(document, "document-file"))
    assert answer.content == b"fr ''"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2026-03-02_weekly-sync_minutes.docx"'
    assert "wordprocessingml" in answer.headers["Content-Type"]


def test_what_is_short_or_left_out_comes_at_once(held: Meeting) -> None:
    browser = signed_in(held.host)
    assert browser.get(f"/m/{held.code}/minutes.docx", {"transcript": "0"}).status_code == 200
    held.segments.filter(sequence=1).update(hidden=True)
    assert browser.get(f"/m/{held.code}/minutes.docx").status_code == 200
    assert not Document.objects.exists()


def test_the_same_document_is_ordered_once_and_few_at_a_time(held: Meeting) -> None:
    browser = signed_in(held.host)
    assert ordered(browser, held) == ordered(browser, held)
    ordered(browser, held, names="0")
    ordered(browser, held, times="0")
    assert browser.get(f"/m/{held.code}/minutes.docx", {"text": "original"}).status_code == 429
    Document.objects.update(stage=Document.Stage.DONE)
    ordered(browser, held, text="original")


def test_two_workers_do_not_make_the_same_document(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(minutes: Minutes, progress: Progress) -> bytes:
        made.append(1)
        documents.make(document.pk)
        return b"made"

    made: list[int] = []
    document = ordered(signed_in(held.host), held)
    slow_down(monkeypatch, render)
    documents.make(document.pk)
    documents.make(document.pk)
    assert made == [1]


@pytest.mark.parametrize("late", [False, True])
def test_a_cancelled_document_is_not_made(held: Meeting, monkeypatch: pytest.MonkeyPatch, late: bool) -> None:
    def render(minutes: Minutes, progress: Progress) -> bytes:
        browser.post(path(document, "document-cancel"))
        if not late:
            progress(0.5)
            pytest.fail("went on")
        return b"made"

    browser = signed_in(held.host)
    document = ordered(browser, held)
    slow_down(monkeypatch, render)
    documents.make(document.pk)
    document.refresh_from_db()
    assert (document.stage, document.file.name) == (Document.Stage.CANCELLED, "")
    assert document.file.storage.exists("documents") is False


def test_a_failure_is_said_with_its_reason(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(minutes: Minutes, progress: Progress) -> bytes:
        raise ExportUnavailable("PDF needs Pango.")

    def broken(minutes: Minutes, progress: Progress) -> bytes:
        raise ZeroDivisionError

    browser = signed_in(held.host)
    document = ordered(browser, held)
    slow_down(monkeypatch, missing)
    documents.make(document.pk)
    assert b"PDF needs Pango." in browser.get(path(document, "document")).content
    again = ordered(browser, held)
    assert again != document
    slow_down(monkeypatch, broken)
    with pytest.raises(ZeroDivisionError):
        documents.make(again.pk)
    assert b"Something went wrong" in browser.get(path(again, "document")).content


def test_what_a_dead_worker_left_is_given_up(held: Meeting) -> None:
    document = ordered(signed_in(held.host), held)
    Document.objects.update(stage=Document.Stage.MAKING)
    assert tasks.forget_documents() == 0
    Document.objects.update(alive_at=timezone.now() - timedelta(hours=1))
    assert tasks.forget_documents() == 1
    document.refresh_from_db()
    assert (document.stage, document.reason) == (Document.Stage.FAILED, documents.STOPPED)


def test_documents_go_with_their_files_after_a_day_with_a_person_and_with_the_meeting(held: Meeting) -> None:
    storage = Document._meta.get_field("file").storage
    for forget in (
        lambda: (Document.objects.update(created_at=timezone.now() - timedelta(days=2)), tasks.forget_documents()),
        lambda: privacy.anonymise(held.participants.get()),
        lambda: privacy.delete_meetings([held]),
    ):
        document = documents.order(held, "docx", exports.Options())
        documents.make(document.pk)
        document.refresh_from_db()
        assert storage.exists(str(document.file.name))
        forget()
        assert not Document.objects.exists()
        assert not storage.exists(str(document.file.name))


def test_strangers_see_nothing_of_a_document(held: Meeting, eve: User) -> None:
    document = ordered(signed_in(held.host), held)
    documents.make(document.pk)
    stranger = signed_in(eve)
    for name in ("document", "document-state", "document-file"):
        assert stranger.get(path(document, name)).status_code == 404
    assert stranger.post(path(document, "document-cancel")).status_code == 404
    hers = Meeting.objects.create(title="Hers", host=eve)  # reads her own meeting, not this document by its address
    assert stranger.get(reverse("document-file", args=[hers.code, document.pk])).status_code == 404


def test_a_program_orders_follows_and_fetches_a_long_document(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(minutes: Minutes, progress: Progress) -> bytes:
        progress(0.5)
        told.append(program.client.get(ordered["status_url"]).json()["progress"])
        return repr(minutes.lines[0].name).encode()

    told: list[float] = []
    program = Program(held.host)
    export = f"/meetings/{held.pk}/exports/docx"
    ordered = program.get(export, 202, names="false")
    assert program.answer["Location"] == ordered["status_url"]
    assert program.answer["Retry-After"] == "2"
    assert (ordered["status"], ordered["progress"], ordered["url"]) == ("waiting", 0, None)
    assert program.get(export, 202, names="false")["id"] == ordered["id"]
    assert program.client.get(f"{ordered['status_url']}/file").status_code == 404
    slow_down(monkeypatch, render)
    tasks.make_document(ordered["id"])
    done = program.client.get(ordered["status_url"]).json()
    assert (told, done["status"], done["progress"]) == ([0.5], "done", 1)
    answer = program.client.get(done["url"])
    assert answer.content == b"''"
    assert answer["Content-Disposition"] == 'attachment; filename="2026-03-02_weekly-sync_minutes.docx"'
    assert program.client.post(f"{ordered['status_url']}/cancel").json()["status"] == "done"


def test_a_program_cancels_what_is_being_made_and_cannot_order_without_end(held: Meeting) -> None:
    program, export = Program(held.host), f"/meetings/{held.pk}/exports/docx"
    first = program.get(export, 202)
    for language in ("de", "en"):
        program.get(export, 202, language=language)
    assert program.get(export, 429, language="fr")["code"] == "too_many"
    assert program.answer["Retry-After"] == "2"
    assert program.client.post(f"{first['status_url']}/cancel").json()["status"] == "cancelled"
    program.get(export, 202, language="fr")
    assert program.get(export, 422, language="xx")["errors"][0]["field"] == "query.language"


def test_a_strangers_program_finds_no_document(held: Meeting, eve: User) -> None:
    path = Program(held.host).get(f"/meetings/{held.pk}/exports/docx", 202)["status_url"]
    stranger = Program(eve).client
    answers = [stranger.get(path), stranger.get(f"{path}/file"), stranger.post(f"{path}/cancel")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
