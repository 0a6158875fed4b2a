"""What a row of the fault table measured, and the table itself."""

import json
import os
import platform
import random
import statistics
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.faults.pages import Room
from tests.processor import processor
from tests.stack import ROOT

RESULTS = ROOT / "var" / "faults.json"
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
RUNS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Tally:
    """Counted frames of audio, by the numbers they carry."""

    lost: int
    doubled: int
    disordered: int


class Speaks(Protocol):
    """A page with a microphone, of a script or of a browser."""

    stream_id: str
    said: list[int]


def tally(room: Room, microphones: Sequence[Speaks], *, allowed_lost: Sequence[int] = ()) -> Tally:
    """Compare what was said with what `room` shows as finals; `allowed_lost` are counters a declared gap covers."""
    lost, doubled, disordered = 0, room.doubled, room.disordered
    said_by_stream: dict[str, list[int]] = {}
    for microphone in microphones:
        said_by_stream.setdefault(microphone.stream_id, []).extend(microphone.said)
    for stream_id, said in said_by_stream.items():
        heard = room.words(stream_id)
        counts = Counter(heard)
        lost += len(set(said) - set(allowed_lost) - counts.keys())
        doubled += sum(count - 1 for count in counts.values())
        disordered += sum(later < earlier for earlier, later in pairwise(heard))
    return Tally(lost, doubled, disordered)


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured beside the most it may be; without that it is only told.

    The table marks every figure over its goal. A row fails at twice of that, or beyond `bearable`: a busy machine is
    named, not failed.
    """

    what: str
    value: float
    most: float | None = None
    unit: str = ""
    bearable: float | None = None

    @property
    def missed(self) -> bool:
        return self.most is not None and self.value > self.most

    @property
    def failed(self) -> bool:
        bearable = self.bearable if self.bearable is not None else 2 * (self.most or 0.0)
        return self.missed and self.value > bearable

    def __str__(self) -> str:
        goal = "" if self.most is None else f" (≤ {brief(self.most)})"
        return f"{brief(self.value)}{self.unit and ' ' + self.unit}{goal}{MISSED * self.missed}"


RECOVERED = "recovered"
MISSED = " **missed**"
UNCOUNTED = "–"
row = pytest.mark.row  # (number, fault) of a test; `{name}` in the fault is a parameter of the test


def took(seconds: float, most: float | None = None) -> Figure:
    """Until it was well again."""
    return Figure(RECOVERED, seconds, most, "s")


def brief(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.1f}" if value < 100 else f"{value:.0f}"


@dataclass
class Figures:
    """The row of one test; a test that ends before it adds what it measured leaves a failed row without figures."""

    number: int
    fault: str
    seed: int
    count: Tally | None = None
    may_lose: int = 0
    measured: list[Figure] = field(default_factory=list)
    shown: str = ""
    passed: bool = False

    def add(self, count: Tally | None, *figures: Figure, shown: Sequence[str] | str, may_lose: int = 0) -> None:
        """What was measured, and the judgement of it; `count` is None where nothing that is counted was said."""
        self.count, self.may_lose, self.measured = count, may_lose, list(figures)
        self.shown = (shown if isinstance(shown, str) else ", ".join(dict.fromkeys(shown))) or "nothing"
        if count is not None:
            assert count.lost <= may_lose, count
            assert (count.doubled, count.disordered) == (0, 0), count
        failed = [f"{figure.what} {figure}" for figure in figures if figure.failed]
        assert not failed, failed


class Table:
    """The rows of a session; `write` adds them to `var/faults.json` and the document's table."""

    def __init__(self) -> None:
        self.seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))
        self._rows: dict[str, Figures] = {}

    def row_of(self, item: pytest.Function) -> Figures:
        """The row that the test is marked with."""
        if item.nodeid not in self._rows:
            number, fault = item.get_closest_marker("row").args  # type: ignore[union-attr]
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            self._rows[item.nodeid] = Figures(number, fault.format(**parameters), self.seed)
        return self._rows[item.nodeid]

    def judge(self, item: pytest.Function, report: pytest.TestReport) -> None:
        """Also a test that did not get as far as its figures has a row."""
        if item.get_closest_marker("row") and (report.failed or (report.when == "call" and report.passed)):
            self.row_of(item).passed = report.passed

    @property
    def rows(self) -> list[Figures]:
        return sorted(self._rows.values(), key=lambda row: row.number)

    def __str__(self) -> str:
        return table([asdict(row)] for row in self.rows)

    def write(self) -> None:
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        measured: dict[str, list[dict[str, Any]]] = kept.get("measured", {})
        for row in self.rows:
            runs = measured.setdefault(f"{row.number} {row.fault}", [])
            runs.append({**asdict(row), "commit": commit()})
            del runs[:-RUNS_KEPT]
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({"machine": machine(), "measured": measured}, indent=1))
        runs_by_number = sorted(measured.values(), key=lambda runs: runs[0]["number"])
        seeds = sorted({str(run["seed"]) for runs in runs_by_number for run in runs})
        where = ", ".join(f"{name} {value}" for name, value in machine().items())
        replace_between(DOCUMENT, f"{table(runs_by_number)}\n\nMeasured on {where}; seeds {', '.join(seeds)}.")


def table(rows: Iterable[list[dict[str, Any]]]) -> str:
    """Markdown; of several runs the worst figure."""
    return "\n".join(
        [
            "| row | fault | runs | lost | doubled | disordered | recovered (goal) | other figures (goal) | shown |",
            "|---|---|---|---|---|---|---|---|---|",
            *(f"| {' | '.join(cells(runs))} |" for runs in rows),
        ]
    )


def cells(runs: list[dict[str, Any]]) -> list[str]:
    last = runs[-1]
    failed = sum(not run["passed"] for run in runs)
    times = f"{len(runs)}, {failed} **failed**" if failed else str(len(runs))
    counts = [worst_count(runs, name) for name in ("lost", "doubled", "disordered")]
    worst = worst_figures(runs)
    recovered = str(worst.pop(RECOVERED, ""))
    others = "; ".join(f"{what} {figure}" for what, figure in worst.items())
    return [str(last["number"]), last["fault"], times, *counts, recovered, others, last["shown"]]


def worst_count(runs: list[dict[str, Any]], name: str) -> str:
    """A number where anything was counted."""
    counted = [(run["count"][name], run["may_lose"] * (name == "lost")) for run in runs if run["count"]]
    if not counted:
        return UNCOUNTED
    value, most = max(counted)
    return f"{value}{MISSED * (value > most)}"


def worst_figures(runs: list[dict[str, Any]]) -> dict[str, Figure]:
    worst: dict[str, Figure] = {}
    for figure in (Figure(**values) for run in runs for values in run["measured"]):
        other = worst.get(figure.what, figure)
        worst[figure.what] = max(figure, other, key=lambda one: (one.missed, one.value))
    return worst


def replace_between(document: Path, text: str, begin: str = BEGIN, end: str = END) -> None:
    before, _, rest = document.read_text().partition(begin)
    _, _, after = rest.partition(end)
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def machine() -> dict[str, str]:
    names = ("django", "channels", "daphne", "channels-redis", "redis")
    return {
        "Python": platform.python_version(),
        "machine": processor(),
        "kernel": platform.release().split("-")[0],
        **{name: version(name) for name in names},
    }
