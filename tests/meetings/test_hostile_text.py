"""Whatever people call themselves and say stays literal and on one line in every export."""

import html
import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from meetings.exports import Minutes
from meetings.exports.markdown import render_markdown
from meetings.exports.minutes import AgendaItem, Attendee, Line
from meetings.exports.plain import render_plain
from meetings.exports.wording import one_line
from meetings.names import INVISIBLE

reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BLOCKS = ["# ", "- ", "+ ", "1. ", "2) ", "> ", "---", "***", "===", "```\n", "    ", "\t", "|", "\n\n", "\r", "\u2028"]
INLINE = [
    "`",
    "\\",
    "#",
    "~~",
    "&lt;",
    "<script>",
    "-->",
    "<!--",
    "![x](y)",
    "[a](javascript:b)",
    "$x$",
    "\u202e",
    "\x00",
]
FORGED = ["[00:01] Ada: ", "=cmd()"]
markup = st.sampled_from(BLOCKS + INLINE + FORGED)
hostile = st.lists(markup | st.text(max_size=8), max_size=6).map("".join)


def minutes(title: str, name: str, text: str) -> Minutes:
    return Minutes(
        title=title,
        date="2026-03-02",
        start="14:00",
        end="15:00",
        zone="CET (Europe/Berlin)",
        duration="1 h 0 min",
        host=name,
        attendees=(Attendee(name, True, "14:00", "15:00"),),
        agenda=(AgendaItem(text or "-", text),),
        lines=(Line("01:01", name, text), Line("01:05", name, "", 2.3), Line("01:09", "Ada", "The end.")),
    )


def seen(fragment: str) -> str:
    """What a reader of the rendered page sees."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", fragment)).split())


@given(title=hostile, name=hostile, text=hostile)
@example("Learning C #", "1. Ada", "x\\")
@example("1)", "***", "+ [ ] done")
def test_markdown_shows_every_character_and_no_markup_of_theirs(title: str, name: str, text: str) -> None:
    page = reader.render(render_markdown(minutes(f"T {title}", f"N{name}", f"S{text}")))
    heading = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert heading
    assert seen(heading[1]) == one_line(f"T {title}")
    paragraphs = [seen(found) for found in re.findall(r"<p>(.*?)</p>", page, re.DOTALL)]
    assert paragraphs[-3:] == [
        f"[01:01] {one_line(f'N{name}')}: {one_line(f'S{text}')}",
        f"[01:05] (2.3 s of audio from {one_line(f'N{name}')} did not arrive)",
        "[01:09] Ada: The end.",
    ]
    cells = [seen(found) for found in re.findall(r"<td>(.*?)</td>", page, re.DOTALL)]
    assert cells[-4:] == ["Host", one_line(f"N{name}"), "Status", "draft · transcript not approved"]
    tags = set(re.findall(r"<(\w+)", page))
    assert tags <= {"h1", "h2", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "strong", "em", "code"}
    assert page.count("<h2>") == 3


@given(name=hostile, text=hostile)
def test_a_plain_line_stays_one_line_and_nobody_forges_another(name: str, text: str) -> None:
    document = render_plain(minutes("Title", f"N{name}", text))
    transcript = document.split("\nTranscript\n----------\n")[-1].splitlines()
    assert len(transcript) == 3
    assert transcript[0] == f"[01:01] {one_line(f'N{name}')}: {one_line(text)}"
    assert not INVISIBLE.search(document.replace("\n", ""))
