"""The words of a document in the language it is asked for in; what people said stays as it was said."""

import io
import re
from dataclasses import replace
from pathlib import Path

import docx2txt
import pytest
from docx import Document

from meetings import exports
from meetings.exports.labels import LANGUAGES, TABLES
from meetings.exports.markdown import render_markdown
from meetings.exports.minutes import Talk
from meetings.exports.pdf import render_pdf
from meetings.exports.plain import render_plain
from meetings.exports.word import render_docx
from meetings.models import Meeting
from tests.meetings.cast import ended, say, signed_in
from tests.meetings.test_documents import bookmarks, minutes, needs_poppler, pdf_info, pdf_text

EVERYTHING = replace(
    minutes(),
    place="Room 4",
    chair="Ada",
    absent=("Bob",),
    summary="All well.",
    next_meeting="9 March",
    insight=(Talk("Ada", 1_000, 2, 1_000, 120, 0, None, 2_300),),
)


def test_every_language_has_the_same_words() -> None:
    assert set(TABLES) | {"en"} == set(LANGUAGES)
    words = [set(table) for table in TABLES.values()]
    assert all(table == words[0] for table in words)
    for table in TABLES.values():
        for english, there in table.items():
            assert there.strip()
            for part in ("{name}", "{seconds}", "{time}"):
                assert (part in english) is (part in there)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("status", "by"), [("draft", ""), ("approved", ""), ("approved", "Grace")])
def test_every_language_has_all_that_documents_say(language: str, status: str, by: str) -> None:
    whole = replace(EVERYTHING, labels=language, status=status, approved_by=by, transcript_approved=bool(by))
    for shown in (whole, replace(whole, date="", start=""), replace(whole, lines=())):
        for written in (render_markdown(shown), render_plain(shown), docx2txt.process(io.BytesIO(render_docx(shown)))):
            assert whole.say("Attendees") in written
            assert whole.say("transcript approved" if by else "transcript not approved") in written
            assert whole.say("Longest monologue") in written
            assert whole.say("Transcript") in written or whole.say("Nothing was said.") in written


def test_german_minutes_have_german_headings_around_english_talk() -> None:
    document = Document(io.BytesIO(render_docx(replace(EVERYTHING, labels="de"))))
    headings = [row.text for row in document.paragraphs if row.style and row.style.name == "Heading 1"]
    assert headings[:3] == ["Teilnehmende", "Zusammenfassung", "Tagesordnung"]
    assert document.core_properties.language == "de"
    assert any("Good morning." in row.text for row in document.paragraphs)
    assert "(2.3 s Ton von Ada kamen nicht an)" in render_plain(replace(EVERYTHING, labels="de"))


@needs_poppler
def test_french_minutes_are_numbered_and_have_bookmarks_in_french(tmp_path: Path) -> None:
    made = render_pdf(replace(EVERYTHING, labels="fr"))
    read = pdf_text(made)
    assert re.search(r"Page 1 sur \d", read)
    pdf_info(made, tmp_path)
    assert "Participants" in bookmarks(tmp_path / "minutes.pdf")


@pytest.mark.django_db
def test_a_document_speaks_the_language_asked_for_or_that_of_its_meeting(meeting: Meeting) -> None:
    say(meeting.participants.get(), 1_000, "Hello.")
    Meeting.objects.update(language="de-AT")
    browser = signed_in(ended(Meeting.objects.get()).host)
    path = f"/m/{meeting.code}/minutes.txt"
    assert "Teilnehmende" in browser.get(path).content.decode()
    assert "Asistentes" in browser.get(path, {"language": "es"}).content.decode()
    assert browser.get(path, {"language": "tlh"}).status_code == 400
    Meeting.objects.update(language="ja")
    assert "Attendees" in browser.get(path).content.decode()
    assert exports.LABEL_LANGUAGES["de"] in browser.get(f"/m/{meeting.code}/transcript/").content.decode()
