"""Transcript lines cut into cues that can be read while they are heard: two short lines, one to seven seconds."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from meetings.exports.minutes import Line, Minutes, TimedWord
from meetings.exports.wording import one_line

LINE_WIDTH = 42  # columns; an East Asian character takes two
SHORTEST_MS = 1_000
LONGEST_MS = 7_000
PAUSE_MS = 1_000  # a silence of this length ends a cue
NAME_WIDTH = 24  # columns of a name that stands in the text itself


@dataclass(frozen=True, slots=True)
class Cue:
    start_ms: int
    end_ms: int
    name: str
    lines: tuple[str, ...]  # one or two


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is never cut: a word, or a part of one that is longer than a line."""

    text: str
    start_ms: int
    end_ms: int
    glue: str  # between it and the piece before: a space, or nothing where the language writes none
    width: int  # of the text, in columns; at most LINE_WIDTH


def cues(minutes: Minutes, *, names_in_text: bool) -> list[Cue]:
    """All cues in order of time. A cue lasts less than a second only where its speaker goes on sooner."""
    found: dict[str, list[Cue]] = {}
    for line in minutes.lines:
        if line.gap_seconds is None and one_line(line.text):
            found.setdefault(line.name, []).extend(_cues_of(line, names_in_text=names_in_text))
    held = (cue for spoken in found.values() for cue in _long_enough(spoken))
    return sorted(held, key=lambda cue: (cue.start_ms, cue.end_ms))


def _cues_of(line: Line, *, names_in_text: bool) -> Iterator[Cue]:
    name = one_line(line.name)
    gathered: list[_Piece] = []
    for piece in _pieces(line, name if names_in_text else ""):
        if gathered and not _belongs(gathered, piece):
            yield _cue(gathered, name)
            gathered = []
        gathered.append(piece)
    yield _cue(gathered, name)


def _belongs(gathered: list[_Piece], piece: _Piece) -> bool:
    silence = piece.start_ms - gathered[-1].end_ms
    lasts = piece.end_ms - gathered[0].start_ms
    return silence < PAUSE_MS and lasts <= LONGEST_MS and _lines([*gathered, piece]) is not None


def _cue(pieces: list[_Piece], name: str) -> Cue:
    start = pieces[0].start_ms
    lines = _lines(pieces)
    assert lines is not None
    return Cue(start, min(pieces[-1].end_ms, start + LONGEST_MS), name, lines)


def _lines(pieces: list[_Piece]) -> tuple[str, ...] | None:
    """One line, or two of about the same width; None for what needs more room."""
    ends = list(_running(len(piece.glue) + piece.width for piece in pieces))
    if ends[-1] - len(pieces[0].glue) <= LINE_WIDTH:
        return (_joined(pieces),)
    best, cut = min(
        (max(ends[cut - 1] - len(pieces[0].glue), ends[-1] - ends[cut - 1] - len(pieces[cut].glue)), cut)
        for cut in range(1, len(pieces))
    )
    return (_joined(pieces[:cut]), _joined(pieces[cut:])) if best <= LINE_WIDTH else None


def _joined(pieces: list[_Piece]) -> str:
    return pieces[0].text + "".join(piece.glue + piece.text for piece in pieces[1:])


def width(text: str) -> int:
    """Columns that the text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _long_enough(spoken: list[Cue]) -> Iterator[Cue]:
    """Cues of one speaker, the short ones held on the screen until the next begins."""
    for cue, after in zip(spoken, [*spoken[1:], None], strict=True):
        until = max(cue.end_ms, cue.start_ms + SHORTEST_MS)
        if after is not None and after.start_ms > cue.start_ms:
            until = min(until, after.start_ms)
        yield replace(cue, end_ms=until)


def _pieces(line: Line, name: str) -> Iterator[_Piece]:
    words, glue = _words(line)
    if name:
        said = f"{_clipped(name)}:"
        yield _Piece(said, words[0].start_ms, words[0].start_ms, "", width(said))
    for word in words:
        yield from _cut(word, " " if word is words[0] else glue)


def _clipped(name: str) -> str:
    return name if width(name) <= NAME_WIDTH else next(_parts(name, NAME_WIDTH - 1)) + "…"


def _words(line: Line) -> tuple[list[TimedWord], str]:
    """The words of the text with their times, and what stands between them."""
    text = one_line(line.text)
    recognised = [replace(word, text=one_line(word.text)) for word in line.words]
    recognised = [word for word in recognised if word.text]
    for glue in (" ", ""):
        if recognised and glue.join(word.text for word in recognised) == text:
            return recognised, glue
    return _spread(text.split(), line.start_ms, line.end_ms), " "


def _spread(texts: list[str], start_ms: int, end_ms: int) -> list[TimedWord]:
    """Words of a corrected text: each gets time by its length."""
    letters = sum(map(len, texts))
    ends = [start_ms + (end_ms - start_ms) * done // letters for done in _running(map(len, texts))]
    starts = [start_ms, *ends[:-1]]
    return [TimedWord(*word) for word in zip(texts, starts, ends, strict=True)]


def _running(lengths: Iterable[int]) -> Iterator[int]:
    total = 0
    for length in lengths:
        total += length
        yield total


def _cut(word: TimedWord, glue: str) -> Iterator[_Piece]:
    """The word, in parts of at most a line."""
    parts = list(_parts(word.text, LINE_WIDTH))
    for number, part in enumerate(_spread(parts, word.start_ms, word.end_ms)):
        yield _Piece(part.text, part.start_ms, part.end_ms, "" if number else glue, width(part.text))


def _parts(text: str, columns: int) -> Iterator[str]:
    part, taken = "", 0
    for character in text:
        if taken + _columns(character) > columns:
            yield part
            part, taken = "", 0
        part, taken = part + character, taken + _columns(character)
    yield part
