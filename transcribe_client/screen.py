"""What the terminal shows: the partial on one line that is drawn again, finals with their time and name."""

import json
import shutil
import sys
from collections.abc import Mapping
from typing import Any, TextIO


def clock(ms: int) -> str:
    """ "1:02:03" from the session's start."""
    seconds = ms // 1_000
    return f"{seconds // 3_600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class Screen:
    """Text for people: finals to standard output, the partial and notes to standard error where that is a terminal."""

    def __init__(self, output: TextIO = sys.stdout, aside: TextIO = sys.stderr) -> None:
        self._output = output
        self._aside = aside
        self._drawn = 0  # characters of the partial on the line

    def show(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "partial":
            self._draw(f"… {event['text']}")
        elif event["type"] == "final":
            self._draw("")
            name = f"{event['speaker']}: " if event["speaker"] else ""
            print(f"[{clock(event['timestamp'])}] {name}{event['text']}", file=self._output, flush=True)

    def note(self, text: str) -> None:
        self._draw("")
        print(text, file=self._aside, flush=True)

    def _draw(self, text: str) -> None:
        if not self._aside.isatty():
            return
        width = shutil.get_terminal_size().columns - 1
        shown = text if len(text) <= width else "…" + text[1 - width :]
        self._aside.write("\r" + shown.ljust(self._drawn) + ("" if shown else "\r"))
        self._aside.flush()
        self._drawn = len(shown)


class Lines:
    """Every message of the server as a line of JSON on standard output; notes on standard error."""

    def show(self, event: Mapping[str, Any]) -> None:
        print(json.dumps(event, ensure_ascii=False), flush=True)

    def note(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
