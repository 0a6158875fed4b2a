"""What a row of the fault table measured, and the table itself."""

import json
import os
import platform
import random
import statistics
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

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

    @property
    def clean(self) -> bool:
        return self == Tally(0, 0, 0)


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


def soon(seconds: float, goal: float) -> bool:
    """At most twice its goal: the table says what it took, and a busy machine does not fail the run."""
    return seconds < 2 * goal


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table, as measured once."""

    number: int
    fault: str
    lost: int
    doubled: int
    disordered: int
    recovered_s: float | None
    goal: str
    shown: str
    seed: int
    passed: bool = True  # the test that measured it


class Figures:
    """Collects the rows of a session; `write` adds them to `var/faults.json` and the document's table."""

    def __init__(self) -> None:
        self.seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))
        self.rows: list[Row] = []
        self._judged = 0

    def add(
        self, number: int, fault: str, count: Tally, recovered_s: float | None, goal: str, shown: Sequence[str] | str
    ) -> None:
        text = shown if isinstance(shown, str) else ", ".join(dict.fromkeys(shown)) or "nothing"
        seconds = None if recovered_s is None else round(recovered_s, 2)
        self.rows.append(
            Row(number, fault, count.lost, count.doubled, count.disordered, seconds, goal, text, self.seed)
        )

    def judge(self, *, passed: bool) -> None:
        """The test whose rows were added last is over."""
        fresh = self.rows[self._judged :]
        self.rows[self._judged :] = [replace(row, passed=passed) for row in fresh]
        self._judged = len(self.rows)

    def table(self) -> str:
        return table([[asdict(row)] for row in sorted(self.rows, key=lambda row: row.number)])

    def write(self) -> None:
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"rows": {}}
        kept["machine"] = machine()
        for row in self.rows:
            runs = kept["rows"].setdefault(f"{row.number} {row.fault}", [])
            runs.append({**asdict(row), "commit": commit()})
            del runs[:-RUNS_KEPT]
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=1))
        runs_by_number = sorted(kept["rows"].values(), key=lambda runs: runs[0]["number"])
        seeds = sorted({str(run["seed"]) for runs in runs_by_number for run in runs})
        where = ", ".join(f"{name} {value}" for name, value in kept["machine"].items())
        replace_between(DOCUMENT, f"{table(runs_by_number)}\n\nMeasured on {where}; seeds {', '.join(seeds)}.")


def table(rows: list[list[dict[str, Any]]]) -> str:
    """Markdown; of several runs the worst figure."""
    lines = [
        "| row | fault | runs | lost | doubled | disordered | recovered (s, worst) | goal | shown |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for runs in rows:
        last = runs[-1]
        worst = [str(max(run[name] for run in runs)) for name in ("lost", "doubled", "disordered")]
        seconds = [run["recovered_s"] for run in runs if run["recovered_s"] is not None]
        recovered = f"{max(seconds):.1f}" if seconds else ""
        failed = sum(not run["passed"] for run in runs)
        times = f"{len(runs)}, {failed} failed" if failed else len(runs)
        cells = [last["number"], last["fault"], times, *worst, recovered, last["goal"], last["shown"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


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
