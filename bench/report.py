"""Figures as a table, as JSON and as plots."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults.figures import replace_between
from tests.processor import processor

FOLDER = Path(__file__).parent
DOCUMENT = FOLDER.parent / "docs" / "performance.md"
PLOTS = FOLDER.parent / "docs" / "plots"
Row = dict[str, Any]
COLUMNS = (
    "run", "speakers", "seen_p50", "seen_p95", "kept_p50", "kept_p95", "fixed_p50", "final_p50", "final_p95",
    "churn", "slope", "words_seen_share", "wer", "wer_offline", "cpu_per_audio_second",
    "inference_max_ms", "encode_30s",
)  # fmt: skip


def machine() -> Row:
    """What the figures hold for."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    packages = ("faster-whisper", "ctranslate2", "onnxruntime", "numpy")
    return {
        "machine": processor(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "commit": commit.strip(),
        "versions": {name: version(name) for name in packages},
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def table(rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def beside_baseline(rows: Sequence[Row]) -> Row:
    """How many times better one speaker is served than by the loop."""
    baseline = next(row for row in rows if row["run"] == "baseline loop")
    one = next(row for row in rows if str(row["run"]).endswith(" talking"))
    return {name: round(baseline[name] / one[name], 2) for name in ("seen_p50", "seen_p95", "cpu_per_audio_second")}


def medians(runs: Sequence[Sequence[Row]]) -> list[Row]:
    """The rows of one run, each figure the median of the same row of all; of the longest times the longest."""
    together = zip(*runs, strict=True)
    return [{column: _middle(column, [row[column] for row in same]) for column in same[0]} for same in together]


def _middle(column: str, values: Sequence[Any]) -> Any:
    if isinstance(values[0], str):
        return values[0]
    return max(values) if column.endswith("_max_ms") else median(values)


def write(
    name: str, about: Row, rows: Sequence[Row], columns: Sequence[str] = COLUMNS, each: Sequence[Sequence[Row]] = ()
) -> Path:
    """As JSON, and as a table in docs/performance.md where that has a place for `name`; `each` run only as JSON."""
    target = FOLDER / "results" / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({**about, "rows": rows, **({"each": each} if each else {})}, indent=1) + "\n")
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if begin in DOCUMENT.read_text():
        text = "\n".join([table(rows, columns), "", *(f"- {key}: {_told(value)}" for key, value in about.items())])
        replace_between(DOCUMENT, text, begin, end)
    return target


def read(name: str) -> Row:
    """What was written last; empty where nothing was."""
    target = FOLDER / "results" / f"{name}.json"
    return json.loads(target.read_text()) if target.exists() else {}


def _told(value: object) -> str:
    return ", ".join(f"{key} {_told(part)}" for key, part in value.items()) if isinstance(value, dict) else str(value)


def plot(target: Path, title: str, unit: str, lines: dict[str, list[tuple[float, float]]]) -> None:
    """A line chart as SVG: x and y begin at 0."""
    width, height, left, bottom = 640, 320, 60, 40
    points = [point for line in lines.values() for point in line]
    right, top = max(x for x, _ in points), max(y for _, y in points) * 1.1 or 1.0
    head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    parts = [f'<svg {head}><rect width="100%" height="100%" fill="white"/><text x="{left}" y="18">{title}</text>']

    def place(x: float, y: float) -> tuple[float, float]:
        return left + x / right * (width - left - 130), height - bottom - y / top * (height - bottom - 30)

    for step in range(5):
        x, y = place(right * step / 4, top * step / 4)
        parts.append(f'<text x="{x:.0f}" y="{height - 20}" text-anchor="middle">{right * step / 4:.3g}</text>')
        parts.append(f'<line x1="{left}" x2="{width - 130}" y1="{y:.0f}" y2="{y:.0f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{top * step / 4:.2g}</text>')
    for (name, line), color in zip(lines.items(), ("#0b5cad", "#b3261e", "#2e7d32", "#6a1b9a"), strict=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        x, y = place(*line[-1])
        parts.append(f'<text x="{x + 6:.0f}" y="{y + 4:.0f}" fill="{color}">{name}</text>')
    parts.append(f'<text x="{width / 2:.0f}" y="{height - 4}" text-anchor="middle">{unit}</text></svg>')
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(parts))
