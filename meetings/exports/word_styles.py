"""How the Word documents look: the styles that their headings, tables and lines have, for people to change at once."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document

INK, GREEN, GREY, AMBER = "1B1F1D", "23594A", "59615D", "7A4B00"
FONT = "Calibri"
SIZES = {"Normal": 10.5, "Title": 22, "Subtitle": 9, "Heading 1": 14, "Heading 2": 11, "Footer": 8.5}
COLOURS = {"Title": INK, "Subtitle": GREEN, "Heading 1": GREEN, "Heading 2": INK, "Footer": GREY}
TABLE, TABLE_HEAD, PLAIN_TABLE = "Rows", "Rows head", "Facts"
NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LINE = '<w:{side} w:val="single" w:sz="{eighths}" w:space="{space}" w:color="{colour}"/>'
MARGINS = """<w:tblCellMar>
  <w:top w:w="40" w:type="dxa"/><w:left w:w="0" w:type="dxa"/><w:right w:w="110" w:type="dxa"/>
</w:tblCellMar>"""


def set_styles(document: "Document") -> None:
    _set_fonts(document)
    _set_spaces(document)
    _draw_line_under_title(document)
    _add_table_style(document, PLAIN_TABLE, "")
    _add_table_style(document, TABLE, _line("bottom", 4, "E2DFD8") + _line("insideH", 4, "E2DFD8"))


def _set_fonts(document: "Document") -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for name, size in SIZES.items():
        style = document.styles[name]
        style.font.size, style.font.name = Pt(size), FONT
        _set_size_of_right_to_left(style.element.rPr, size)
        fonts = style.element.rPr.get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
    for name, colour in COLOURS.items():
        document.styles[name].font.color.rgb = RGBColor.from_string(colour)
    document.styles["Title"].font.bold = document.styles["Subtitle"].font.bold = True
    document.styles["Subtitle"].font.italic, document.styles["Subtitle"].font.all_caps = False, True


def _set_size_of_right_to_left(properties: Any, points: float) -> None:
    """Word has another size for Arabic and Hebrew."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn

    for known in properties.findall(qn("w:szCs")):
        properties.remove(known)
    properties.find(qn("w:sz")).addnext(parse_xml(f'<w:szCs {NAMESPACE} w:val="{round(2 * points)}"/>'))


def _set_spaces(document: "Document") -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt, RGBColor

    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    document.styles["Subtitle"].paragraph_format.space_after = Pt(0)
    document.styles["Heading 1"].paragraph_format.space_after = Pt(4)
    document.styles["Heading 2"].paragraph_format.space_before = Pt(9)
    said = document.styles.add_style("Transcript", WD_STYLE_TYPE.PARAGRAPH)
    said.base_style = document.styles["Normal"]
    said.paragraph_format.left_indent, said.paragraph_format.first_line_indent = Cm(1.6), Cm(-1.6)
    heads = document.styles.add_style(TABLE_HEAD, WD_STYLE_TYPE.PARAGRAPH)
    heads.base_style, heads.font.size = document.styles["Normal"], Pt(9)
    heads.font.color.rgb = RGBColor.from_string(GREY)


def _line(side: str, eighths: int, colour: str, space: int = 0) -> str:
    return LINE.format(side=side, eighths=eighths, colour=colour, space=space)


def _draw_line_under_title(document: "Document") -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn

    paragraph = document.styles["Title"].element.get_or_add_pPr()
    border = parse_xml(f"<w:pBdr {NAMESPACE}>{_line('bottom', 12, GREEN, 6)}</w:pBdr>")
    paragraph.replace(paragraph.find(qn("w:pBdr")), border)


def _add_table_style(document: "Document", name: str, borders: str) -> None:
    """Thin lines between the rows and under the heads, none at the sides, and text at the page's edge."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml import parse_xml

    head = f"""<w:tblStylePr {NAMESPACE} w:type="firstRow">
      <w:tcPr><w:tcBorders>{_line("bottom", 6, "8B918D")}</w:tcBorders></w:tcPr>
    </w:tblStylePr>"""
    style = document.styles.add_style(name, WD_STYLE_TYPE.TABLE).element
    style.append(parse_xml(f"<w:tblPr {NAMESPACE}><w:tblBorders>{borders}</w:tblBorders>{MARGINS}</w:tblPr>"))
    if borders:
        style.append(parse_xml(head))
