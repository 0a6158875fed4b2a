"""Minutes as a Word document: real headings, lists and tables, page numbers, and properties."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from meetings.exports import wording
from meetings.exports.minutes import Line, Minutes, Progress, unheard
from meetings.exports.wording import one_line
from meetings.languages import direction

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
LINES_A_STEP = 100  # of progress
_GREEN, _GREY, _AMBER = "23594A", "59615D", "7A4B00"


def render_docx(minutes: Minutes, progress: Progress = unheard) -> bytes:
    from docx import Document

    say = minutes.say
    document = Document()
    _set_up(document, minutes)
    document.add_paragraph(_visible(minutes.title), style="Title")
    _facts(document, wording.facts(minutes))
    people = wording.heads(minutes, wording.ATTENDANCE)
    _table(document, say("Attendees"), people, wording.attendance_rows(minutes))
    _list(document, say("Summary"), "Normal", wording.summary(minutes))
    _agenda(document, minutes)
    _list(document, say("Decisions"), "List Number", wording.items(minutes, minutes.decisions))
    actions = wording.heads(minutes, wording.ACTIONS)
    _table(document, say("Action items"), actions, wording.action_rows(minutes))
    _list(document, say("Notes"), "List Bullet", wording.items(minutes, minutes.notes))
    _list(document, say("Next meeting"), "Normal", wording.paragraphs(minutes.next_meeting))
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
    _fonts(document)
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


def _fonts(document: "Document") -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    sizes = {"Normal": 10.5, "Title": 24, "Heading 1": 14, "Heading 2": 11, "Footer": 8.5}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.size, style.font.name = Pt(size), "Calibri"
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
    for name, colour in {"Title": "1B1F1D", "Heading 1": _GREEN, "Heading 2": "1B1F1D", "Footer": _GREY}.items():
        document.styles[name].font.color.rgb = RGBColor.from_string(colour)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    document.styles["Heading 2"].paragraph_format.space_before = Pt(9)
    said = document.styles.add_style("Transcript", WD_STYLE_TYPE.PARAGRAPH)
    said.base_style = document.styles["Normal"]
    said.paragraph_format.left_indent, said.paragraph_format.first_line_indent = Cm(1.6), Cm(-1.6)


def _field(paragraph: "Paragraph", instruction: str) -> None:
    """A number that Word works out, such as that of the page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    paragraph._p.append(field)  # noqa: SLF001  (python-docx has no fields of its own)


def _facts(document: "Document", facts: Sequence[tuple[str, str]]) -> None:
    from docx.shared import Cm

    table = document.add_table(rows=0, cols=2)
    for label, value in facts:
        cells = table.add_row().cells
        _coloured(cells[0].paragraphs[0], label, _GREY)
        cells[1].paragraphs[0].add_run(_visible(value))
    _widths(table, [Cm(3), Cm(13.6)])


def _table(document: "Document", heading: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from docx.shared import Cm

    if not rows:
        return
    document.add_heading(heading, level=1)
    table = document.add_table(rows=1, cols=len(head), style="Light List Accent 3")
    for cell, label in zip(table.rows[0].cells, head, strict=True):
        cell.paragraphs[0].add_run(label).bold = True
    _repeat_on_every_page(table)
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            _written(cell.paragraphs[0], value)
    rest = [Cm(2.5)] * (len(head) - 1)
    _widths(table, [Cm(16.6 - 2.5 * len(rest)), *rest])


def _repeat_on_every_page(table: "Table") -> None:
    from docx.oxml import OxmlElement

    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001


def _widths(table: "Table", widths: Sequence[int]) -> None:
    for column, width in zip(table.columns, widths, strict=True):
        for cell in column.cells:
            cell.width = width


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
        _coloured(paragraph, line.clock, _GREY)
        paragraph.add_run("\t")
    if line.gap_seconds is None:
        _written(paragraph, line.text, line.language)
    else:
        _coloured(paragraph, f"({wording.gap_note(minutes, line)})", _AMBER)
