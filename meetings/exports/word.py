"""Minutes as a Word document: real headings, lists and tables, page numbers, and properties."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from meetings.exports import wording
from meetings.exports.minutes import Line, Minutes, Progress, unheard
from meetings.exports.word_styles import AMBER, GREY, PLAIN_TABLE, TABLE, TABLE_HEAD, set_styles
from meetings.exports.wording import one_line
from meetings.languages import direction

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
LINES_A_STEP = 100  # of progress


def render_docx(minutes: Minutes, progress: Progress = unheard) -> bytes:
    from docx import Document

    say = minutes.say
    document = Document()
    _set_up(document, minutes)
    document.add_paragraph(wording.kind(minutes), style="Subtitle")
    document.add_paragraph(_visible(minutes.title), style="Title")
    _facts(document, wording.facts(minutes))
    people = wording.heads(minutes, wording.ATTENDANCE)
    _table(document, say("Attendees"), people, wording.attendance_rows(minutes), (9.6, 3.5, 3.5))
    _list(document, wording.summary_head(minutes), "Normal", wording.paragraphs(minutes.summary))
    _agenda(document, minutes)
    _list(document, say("Decisions"), "List Number", wording.items(minutes, minutes.decisions))
    actions = wording.heads(minutes, wording.ACTIONS)
    _table(document, say("Action items"), actions, wording.action_rows(minutes), (6.5, 3.5, 2.4, 2.1, 2.1))
    _list(document, say("Notes"), "List Bullet", wording.items(minutes, minutes.notes))
    _list(document, say("Next meeting"), "Normal", wording.paragraphs(minutes.next_meeting))
    insight = wording.heads(minutes, wording.INSIGHT)
    widths = (2.7, 2.4, 1.5, 2.0, 1.8, 2.6, 1.9, 1.7)
    _table(document, say("Insight"), insight, wording.insight_rows(minutes), widths)
    if minutes.has_transcript:
        _transcript(document, minutes, progress)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _visible(text: str) -> str:
    """One line that XML can hold."""
    return _NOT_IN_XML.sub("", one_line(text))


def _set_up(document: "Document", minutes: Minutes) -> None:
    from docx.shared import Cm

    _properties(document, minutes)
    set_styles(document)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.2)
    footer = section.footer.paragraphs[0]
    footer.add_run(f"{_visible(minutes.title)[:80]} · {minutes.say('Page')} ")
    _field(footer, "PAGE")
    footer.add_run(f" {minutes.say('of')} ")
    _field(footer, "NUMPAGES")


def _properties(document: "Document", minutes: Minutes) -> None:
    properties = document.core_properties
    properties.title = _visible(minutes.title)[:255]
    properties.author = _visible(minutes.host)[:255]
    properties.subject = minutes.say("Minutes of a meeting")
    properties.language = minutes.labels
    properties.comments = ""
    if minutes.date:
        properties.created = properties.modified = datetime.fromisoformat(f"{minutes.date}T{minutes.start}")


def _field(paragraph: "Paragraph", instruction: str) -> None:
    """A number that Word works out, such as that of the page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    paragraph._p.append(field)  # noqa: SLF001  (python-docx has no fields of its own)


def _facts(document: "Document", facts: Sequence[tuple[str, str]]) -> None:
    table = document.add_table(rows=0, cols=2, style=PLAIN_TABLE)
    for label, value in facts:
        cells = table.add_row().cells
        _coloured(cells[0].paragraphs[0], label, GREY)
        cells[1].paragraphs[0].add_run(_visible(value))
    _widths(table, (2.6, 14))


def _table(
    document: "Document", heading: str, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> None:
    if not rows:
        return
    document.add_heading(heading, level=1)
    table = document.add_table(rows=1, cols=len(head), style=TABLE)
    for cell, label in zip(table.rows[0].cells, head, strict=True):
        cell.paragraphs[0].style = TABLE_HEAD
        cell.paragraphs[0].add_run(label)
    _repeat_on_every_page(table)
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            _written(cell.paragraphs[0], value)
    _widths(table, widths)


def _repeat_on_every_page(table: "Table") -> None:
    from docx.oxml import OxmlElement

    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001


def _widths(table: "Table", centimetres: Sequence[float]) -> None:
    """Some programs read them from the columns, some from the cells."""
    from docx.shared import Cm

    table.autofit = False
    for column, width in zip(table.columns, centimetres, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)


def _list(document: "Document", heading: str, style: str, items: Iterable[str]) -> None:
    for number, item in enumerate(items):
        if number == 0:
            document.add_heading(heading, level=1)
        _written(document.add_paragraph(style=style), item)


def _agenda(document: "Document", minutes: Minutes) -> None:
    if minutes.agenda:
        document.add_heading(minutes.say("Agenda"), level=1)
    for entry in minutes.agenda:
        _written(document.add_paragraph(style="List Bullet"), entry.title)
        for row in wording.paragraphs(entry.discussion):
            _written(document.add_paragraph(style="List Continue"), row)


def _written(paragraph: "Paragraph", text: str, language: str = "") -> None:
    """The text in the direction in which it is read."""
    from docx.oxml import OxmlElement

    shown = _visible(text)
    run = paragraph.add_run(shown)
    if direction(language, shown) == "rtl":
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))  # noqa: SLF001
        run.font.rtl = True
    if language:
        _say_language(run, language)


def _say_language(run: "Run", language: str) -> None:
    """For spelling, and for the look of signs that Chinese and Japanese share."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement("w:lang")
    for script in ("val", "eastAsia", "bidi"):
        element.set(qn(f"w:{script}"), language)
    run._r.get_or_add_rPr().append(element)  # noqa: SLF001


def _coloured(paragraph: "Paragraph", text: str, colour: str) -> None:
    from docx.shared import RGBColor

    paragraph.add_run(_visible(text)).font.color.rgb = RGBColor.from_string(colour)


def _transcript(document: "Document", minutes: Minutes, progress: Progress) -> None:
    document.add_heading(minutes.say("Transcript"), level=1).paragraph_format.page_break_before = True
    speaker = ""
    for number, line in enumerate(minutes.lines):
        if number % LINES_A_STEP == 0:
            progress(number / len(minutes.lines))
        if line.gap_seconds is None and line.name and line.name != speaker:
            speaker = line.name
            _paragraph(document, "Heading2").add_run(_visible(line.name))
        _line(_paragraph(document, "Transcript"), minutes, line)


def _paragraph(document: "Document", style_id: str) -> "Paragraph":
    """At the end of the document. python-docx's own way walks over all that is there, and an hour has thousands."""
    from docx.oxml.parser import OxmlElement
    from docx.text.paragraph import Paragraph

    element = OxmlElement("w:p")
    element.style = style_id
    document.element.body.sectPr.addprevious(element)
    return Paragraph(element, document._body)  # noqa: SLF001


def _line(paragraph: "Paragraph", minutes: Minutes, line: Line) -> None:
    if line.clock:
        _coloured(paragraph, line.clock, GREY)
        paragraph.add_run("\t")
    if line.gap_seconds is None:
        _written(paragraph, line.text, line.language)
    else:
        _coloured(paragraph, f"({wording.gap_note(minutes, line)})", AMBER)
