"""Word and PDF minutes, opened by other software than made them."""

import io
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import docx2txt
import pytest
from docx import Document
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meetings.exports import ExportUnavailable, Minutes, pdf
from meetings.exports.minutes import AgendaItem, Attendee, Item, Line, Talk
from meetings.exports.printer import NO_PANGO
from meetings.exports.word import render_docx
from meetings.exports.wording import one_line
from meetings.models import Meeting
from tests.meetings.cast import signed_in

needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed")
HOSTILE = [
    "<img src=http://127.0.0.1:9/x>",
    "</p><h1>",
    "&amp;",
    "\ufffe",
    "\x00",
    "]]>",
    "مرحبا",
    "👩‍👩‍👧",
    "会议",
    "{{ 1 }}",
]
text = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=30), max_size=8).map(" ".join)
ITEM = Item("Write to the supplier", "14:12", 852_000, "Grace", "2026-03-09")


def minutes(said: str = "Good morning.", name: str = "Ada", title: str = "Weekly sync") -> Minutes:
    return Minutes(
        title=title,
        date="2026-03-02",
        start="14:00",
        end="15:05",
        zone="CET (Europe/Berlin)",
        duration="1 h 5 min",
        host=name,
        attendees=(Attendee(name, True, "14:00", "15:05", 1_000),),
        agenda=(AgendaItem("Budget", "Figures shown."),),
        lines=(Line("01:01", name, said), Line("05:00", name, "", 2.3), Line("1:02:05", "Grace", "That is all.")),
        decisions=(Item("Ship on Monday", "01:01"),),
        actions=(ITEM,),
        notes=(Item("Coffee was good"),),
    )


def pdf_text(document: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=document, capture_output=True, check=True
    ).stdout.decode()


def pdf_info(document: bytes, folder: Path) -> dict[str, str]:
    path = folder / "minutes.pdf"
    path.write_bytes(document)
    answer = subprocess.run(["pdfinfo", str(path)], capture_output=True, check=True, text=True).stdout
    return {label: value.strip() for label, _, value in (line.partition(":") for line in answer.splitlines())}


def bookmarks(path: Path) -> list[str]:
    command = ["pdftohtml", "-xml", "-i", "-stdout", str(path)]
    read = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return re.findall(r"<item [^>]*>([^<]*)</item>", read)


def test_word_has_headings_tables_page_numbers_and_properties() -> None:
    document = Document(io.BytesIO(render_docx(minutes())))
    headings = [row.text for row in document.paragraphs if row.style and row.style.name == "Heading 1"]
    assert headings == ["Attendees", "Agenda", "Decisions", "Action items", "Notes", "Transcript"]
    assert [[cell.text for cell in row.cells] for row in document.tables[2].rows] == [
        ["Task", "Owner", "Due", "Status", "Said at"],
        ["Write to the supplier", "Grace", "2026-03-09", "open", "14:12"],
    ]
    assert 'w:instr="PAGE"' in document.sections[0].footer.paragraphs[0]._p.xml
    properties = document.core_properties
    assert (properties.title, properties.author, properties.language) == ("Weekly sync", "Ada", "en")
    assert f"{properties.created:%Y-%m-%d}" == "2026-03-02"


def test_another_program_reads_the_whole_word_document() -> None:
    read = docx2txt.process(io.BytesIO(render_docx(minutes())))
    for said in ("Weekly sync", "14:00–15:05 CET (Europe/Berlin)", "Ship on Monday", "Good morning.", "That is all."):
        assert said in read
    assert "(2.3 s of audio from Ada did not arrive)" in read


@settings(deadline=None, max_examples=25)
@given(said=text, name=text.filter(one_line), title=text)
@example("x" * 10_000, "</w:t>", "\x0b")
def test_word_opens_whatever_people_say(said: str, name: str, title: str) -> None:
    document = Document(io.BytesIO(render_docx(minutes(said, name, title))))
    expected = one_line(said).replace("\ufffe", "").replace("\uffff", "")
    assert any(row.text == f"01:01\t{expected}" for row in document.paragraphs)


def test_arabic_is_written_from_the_right_in_word() -> None:
    document = Document(io.BytesIO(render_docx(minutes("مرحبا بكم"))))
    (said,) = (row for row in document.paragraphs if "مرحبا" in row.text)
    assert "<w:bidi/>" in said._p.xml
    assert said.runs[-1].font.rtl


def test_a_long_meeting_is_one_word_document_with_every_line() -> None:
    lines = tuple(Line("00:00", "Ada", f"Line {number}") for number in range(2_000))
    document = Document(io.BytesIO(render_docx(Minutes("T", "", "", "", "", "", "", (), (), lines))))
    assert sum(row.text.startswith("00:00\tLine") for row in document.paragraphs) == 2_000


@needs_poppler
def test_pdf_is_tagged_and_says_everything(tmp_path: Path) -> None:
    talk = Talk("Ada", 1_000, 2, 1_000, 120, 0, 0.97, 2_300)
    made = pdf.render_pdf(replace(minutes(), insight=(talk,), machine_summary=True, summary="All well."))
    info = pdf_info(made, tmp_path)
    assert (info["Title"], info["Author"], info["Tagged"], info["Pages"]) == ("Weekly sync", "Ada", "yes", "3")
    read = pdf_text(made)
    for said in (
        "MINUTES · DRAFT",
        "draft · transcript not approved",
        "97 %",
        "Ship on Monday",
        "Write to the supplier",
        "2026-03-09",
        "Good morning.",
        "That is all.",
        "Page 1 of 3",
    ):
        assert said in read
    assert bookmarks(tmp_path / "minutes.pdf") == [
        "Weekly sync",
        "Attendees",
        "Summary (machine-made)",
        "Agenda",
        "Decisions",
        "Action items",
        "Notes",
        "Insight",
        "Transcript",
    ]


@needs_poppler
def test_pdf_shows_markup_as_text_and_fetches_nothing() -> None:
    made = pdf.render_pdf(minutes("see <img src=http://127.0.0.1:9/x> and {{ 1 }}", "<b>Eve</b>", "A & <B>"))
    read = " ".join(pdf_text(made).split())
    for shown in ("<img src=http://127.0.0.1:9/x>", "{{ 1 }}", "<b>Eve</b>", "A & <B>"):
        assert shown in read


MARKUP = ("&", "<", "-->", "&amp;", "</p><h1>", "<script>", "]]>", "{{ 1 }}", "<!--")
SCRIPTS = ("مرحبا", "שלום", "Привет", "Ελλάδα")
# Not in the fonts of every server.
UNSEEN = (
    "\x00",
    "\x07",
    "\x1b",
    "\u202e",
    "\u2028",
    "\ufffe",
    "\U000f0000",
    "👩‍👩‍👧",
    "会议",
)  # not in every server's fonts
pieces = st.sampled_from((*MARKUP, *SCRIPTS, *UNSEEN)) | st.text("&<>;#-/='\"!abx", min_size=1, max_size=12)


@needs_poppler
@settings(max_examples=5, deadline=None)
@given(st.lists(pieces, min_size=1, max_size=20))
@example([*MARKUP, *SCRIPTS, *UNSEEN])
@example([*MARKUP, *SCRIPTS, "&" * 10_000, "会" * 10_000, "👩‍👩‍👧" * 2_000, "\x00" * 10_000])
def test_pdf_says_whatever_people_say_and_nothing_of_it_becomes_markup(said: list[str]) -> None:
    """Between Latin letters, where nothing turns the direction of signs that have none."""
    made = pdf.render_pdf(minutes(" ".join(f"b {piece} d" for piece in said), title=f"b {said[0][:20]} d"))
    read = unspaced(pdf_text(made))
    for piece in said:
        if piece.isascii() and piece.isprintable() and len(piece) < 100:
            assert unspaced(f"b {piece} d") in read
        assert piece not in SCRIPTS or piece in read
    assert read.count("&") >= sum(piece.count("&") for piece in said)
    with TemporaryDirectory() as folder:
        pdf_info(made, Path(folder))
        assert len(bookmarks(Path(folder, "minutes.pdf"))) == 7


def unspaced(shown: str) -> str:
    """Without white space and what turns directions: lines and pages are broken anywhere."""
    return re.sub(r"[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", shown)


@needs_poppler
def test_ten_thousand_characters_without_a_space_stay_on_their_pages(tmp_path: Path) -> None:
    made = pdf.render_pdf(minutes("x" * 10_000))
    assert int(pdf_info(made, tmp_path)["Pages"]) >= 3
    assert pdf_text(made).count("x") >= 10_000


def test_a_missing_pango_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_PRINTER", [sys.executable, "-c", f"raise SystemExit({NO_PANGO})"])
    with pytest.raises(ExportUnavailable, match="apt-get install libpango"):
        pdf.render_pdf(minutes())


@pytest.mark.django_db
def test_a_document_that_cannot_be_made_is_an_answer_not_an_error(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_PRINTER", [sys.executable, "-c", "raise SystemExit(1)"])
    answer = signed_in(meeting.host).get(f"/m/{meeting.code}/minutes.pdf")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/plain")


def test_printing_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_PRINTER", [sys.executable, "-c", "import time; time.sleep(30)"])
    monkeypatch.setattr(pdf, "TIMEOUT_S", 0.2)
    with pytest.raises(ExportUnavailable, match="too long"):
        pdf.render_pdf(minutes())


def test_no_more_than_a_few_print_at_once() -> None:
    taken = [pdf._printers.acquire(blocking=False) for _ in range(pdf.AT_ONCE)]
    try:
        with pytest.raises(ExportUnavailable, match="try again"):
            pdf.render_pdf(minutes())
    finally:
        pdf._printers.release(len(taken))
