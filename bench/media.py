"""`python -m bench.media [--only PART …] [--minutes 60]`: what uploads cost, how right speakers are.

The recordings are those of SPEECH_DIR. Uploads go through the whole product on real processes (base, int8); speakers
through the child that the worker starts. Parts that are measured one by one come into one table.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile

from bench import attribution, report
from bench.attribution import HeardWord, Meeting, Said
from config.launch.stores import stores
from tests.speech import Samples, load_tracks
from transcription.diarization.turns import Turn
from transcription.models import resolve_model

ROOT = Path(__file__).parents[1]
CHUNK = 2_000_000
NAME = "media-cpu"
COLUMNS = ("run", "minutes", "ratio", "cpu_ratio", "peak_mb", "transcriber_mb", "speakers", "found",
           "der", "der_strict", "words", "wrong_words", "cp_wer")  # fmt: skip
APART = "a microphone each"


class Watched:
    """Peak memory and CPU time of a process and its children, sampled."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes, self.cpu_seconds = 0, 0.0
        self._process = psutil.Process(pid)
        self._cpu: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.25):
            with suppress(psutil.Error):
                self._sample()

    def _sample(self) -> None:
        total = 0
        for process in [self._process, *self._process.children(recursive=True)]:
            with suppress(psutil.Error):
                total += process.memory_info().rss
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
        self.peak_bytes = max(self.peak_bytes, total)

    def cpu_so_far(self) -> float:
        self._sample()
        return sum(self._cpu.values())

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        self.cpu_seconds = sum(self._cpu.values())


def diarized(samples: Samples) -> tuple[list[Turn], float, Watched]:
    """Turns, seconds on the clock, and what it cost."""
    began = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "transcription.diarization"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "HF_TOKEN": ""},
    )  # fmt: skip
    watched = Watched(child.pid)
    answer, _ = child.communicate(np.clip(samples * 32_767, -32_768, 32_767).astype("<i2").tobytes())
    watched.end()
    said = json.loads(answer.splitlines()[-1])
    if "unable" in said:
        sys.exit(f"diarization is not there ({said['unable']}): make install-diarization")
    return [Turn(*turn) for turn in said["turns"]], time.monotonic() - began, watched


class Ear:
    """Words with their times, as the upload's recogniser gives them: base, int8, beam 5."""

    def __init__(self) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(str(resolve_model("base")), device="cpu", compute_type="int8")

    def hear(self, samples: Samples) -> list[HeardWord]:
        segments, _ = self._model.transcribe(samples, beam_size=5, language="en", word_timestamps=True, vad_filter=True)
        return [
            HeardWord(word.word.strip(), round(word.start * 1_000), round(word.end * 1_000))
            for segment in segments
            for word in segment.words or []
        ]

    def hear_apart(self, meeting: Meeting) -> list[Said]:
        """Every microphone for itself, in the order of time."""
        said = [(word.start_ms, name, word.text) for name, track in meeting.tracks for word in self.hear(track)]
        return [(name, text) for _, name, text in sorted(said)]


def speakers_of(name: str, meetings: list[Meeting], ear: Ear) -> list[report.Row]:
    """A row for each recording, one for the same with a microphone each, and one for all."""
    loose, strict = attribution.TimeError(), attribution.TimeError(attribution.COLLAR_SECONDS / 2)
    mixed, apart = attribution.WordError(), attribution.WordError()
    rows: list[report.Row] = []
    for meeting in meetings:
        turns, _, _ = diarized(meeting.samples)
        row: report.Row = {
            "run": meeting.name,
            "speakers": len({speaker for _, _, speaker in meeting.spans}),
            "found": len({turn.speaker for turn in turns}),
            "der": loose.add(meeting, turns),
            "der_strict": strict.add(meeting, turns),
        }
        if meeting.said:
            row |= mixed.add(meeting, attribution.attributed(ear.hear(meeting.samples), turns))
        rows.append(row)
        if meeting.tracks:
            rows.append({"run": f"{meeting.name}, {APART}", **apart.add(meeting, ear.hear_apart(meeting))})
    rows.append({"run": f"all {name}", "der": loose.overall, "der_strict": strict.overall, **mixed.overall})
    return rows + ([{"run": f"all {name}, {APART}", **apart.overall}] if apart.overall else [])


def speed_of_diarization(samples: Samples) -> report.Row:
    _, seconds, watched = diarized(samples)
    length = len(samples) / 16_000
    return {
        "run": "diarization alone", "minutes": length / 60, "ratio": seconds / length,
        "cpu_ratio": watched.cpu_seconds / length, "peak_mb": watched.peak_bytes / 1e6,
    }  # fmt: skip


def upload(samples: Samples, speakers: str, folder: Path, **settings: str) -> report.Row:
    """A file through the whole product; `peak_mb` is the media worker's with its children."""
    from tests.people import Person
    from tests.stack import Stack, emptied_redis, new_database

    soundfile.write(folder / "upload.flac", samples, 16_000)
    with stores(folder / "stores") as urls:
        stack = Stack(new_database(urls["DATABASE_URL"]), emptied_redis(urls["REDIS_URL"], 1), folder, settings)
        stack.prepare()
        try:
            stack.start_all()
            ada = Person(stack.base_url)
            ada.sign_up("Ada")
            watched, engine = Watched(stack.running["media"].pid), Watched(stack.running["transcriber"].pid)
            before = engine.cpu_so_far()
            seconds = _transcribed(ada, folder / "upload.flac", speakers)
            watched.end()
            engine.end()
        finally:
            stack.stop()
    length = len(samples) / 16_000
    return {
        "run": f"upload, {speakers}, {settings.get('ENGINE', 'base int8')}", "minutes": length / 60,
        "ratio": seconds / length, "peak_mb": watched.peak_bytes / 1e6,
        "transcriber_mb": engine.peak_bytes / 1e6,
        "cpu_ratio": (watched.cpu_seconds + engine.cpu_seconds - before) / length,
    }  # fmt: skip


def _transcribed(ada: Any, path: Path, speakers: str) -> float:
    """Upload and wait; seconds from the last byte to the finished transcript."""
    ada.pages.get("/recordings/")
    headers = {"X-CSRFToken": ada.pages.cookies["csrftoken"], "Referer": ada.base_url}
    fields = {"title": "Bench", "language": "en", "speakers": speakers, "size_bytes": str(path.stat().st_size)}
    begun = ada.pages.post("/recordings/begin/", data=fields, headers=headers).json()
    content = path.read_bytes()
    for offset in range(0, len(content), CHUNK):
        ada.pages.post(
            f"{begun['chunks_url']}{offset}/",
            content=content[offset : offset + CHUNK],
            headers={**headers, "Content-Type": "application/octet-stream"},
        ).raise_for_status()
    began = time.monotonic()
    while not (state := ada.pages.get(f"{begun['url']}state/").json())["over"]:
        time.sleep(1)
    if state["reason"] or state["notice"]:
        sys.exit(f"the upload ended with: {state['reason']}{state['notice']}")
    return time.monotonic() - began


def _speakers(folder: Path, tracks: Any, _minutes: float) -> list[report.Row]:
    ear = Ear()
    scripts = [attribution.scripted(folder, tracks, name) for name in attribution.SCENARIOS]
    return [*speakers_of("AMI", attribution.ami(folder), ear), *speakers_of("scripts", scripts, ear)]


def _uploads(folder: Path, tracks: Any, _minutes: float) -> list[report.Row]:
    whole = attribution.scripted(folder, tracks, "soak-ten").samples
    with tempfile.TemporaryDirectory(prefix="bench-media-") as scratch:
        Path(scratch).chmod(0o755)  # Postgres runs as a user of its own
        return [speed_of_diarization(whole), upload(whole, "one", Path(scratch))]


def _long_speakers(folder: Path, tracks: Any, minutes: float) -> list[report.Row]:
    return [speed_of_diarization(_long(folder, tracks, minutes))]


def _long_upload(folder: Path, tracks: Any, minutes: float) -> list[report.Row]:
    """Memory; a scripted recogniser stands for the model, whose memory does not depend on the length."""
    with tempfile.TemporaryDirectory(prefix="bench-media-") as scratch:
        Path(scratch).chmod(0o755)
        long = _long(folder, tracks, minutes)
        return [upload(long, "one", Path(scratch), ENGINE="scripted", MODEL="speed=0")]


def _long(folder: Path, tracks: Any, minutes: float) -> Samples:
    return np.resize(attribution.scripted(folder, tracks, "soak-ten").samples, int(minutes * 60 * 16_000))


PARTS: dict[str, Callable[[Path, Any, float], list[report.Row]]] = {
    "speakers": _speakers, "uploads": _uploads, "long-speakers": _long_speakers, "long-upload": _long_upload,
}  # fmt: skip


def record(part: str, rows: list[report.Row], about: report.Row) -> Path:
    """Into one table with what was measured of the other parts on such a machine."""
    known = report.read(NAME)
    if known.get("machine") != about["machine"]:
        known = {}
    others = [row for row in known.get("rows", []) if row["part"] != part]
    measured = known.get("measured", {}) | {part: f"{about['date']} at {about['commit']}"}
    every = sorted([*others, *({"part": part, **row} for row in rows)], key=lambda row: list(PARTS).index(row["part"]))
    return report.write(NAME, {**about, "measured": measured}, every, COLUMNS)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the parts to measure")
    options.add_argument("--minutes", type=float, default=180.0, help="length of the long file, made by repetition")
    chosen = options.parse_args()
    speech = os.environ.get("SPEECH_DIR")
    if not speech:
        sys.exit("SPEECH_DIR must name the folder with the recordings and their truth")
    folder, tracks = Path(speech), load_tracks(Path(speech))
    for part in chosen.only:
        about = report.machine()
        rows = PARTS[part](folder, tracks, chosen.minutes)
        print(report.table(rows, COLUMNS), flush=True)
        about["versions"] |= {name: version(name) for name in ("torch", "pyannote.audio")}
        about["settings"] = {"model": "base", "compute_type": "int8"}
        print(record(part, rows, about), flush=True)


if __name__ == "__main__":
    main()
