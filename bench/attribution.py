"""How right speakers are: of time (DER) and of words. The truth of a meeting comes from the folder SPEECH_DIR."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from whisper_normalizer.english import EnglishTextNormalizer

from tests.speech import Samples
from transcription.diarization.assignment import Speakers, runs
from transcription.diarization.turns import Turn

COLLAR_SECONDS = 0.25  # on each side of every boundary of the truth
SCENARIOS = ("two-1min-clean", "three-2min", "eight-3min", "hard-1min")
_normal = EnglishTextNormalizer()


@dataclass(frozen=True, slots=True)
class Meeting:
    """One microphone for several people; spans are (start, end, name) in seconds, said (name, words) in order."""

    name: str
    samples: Samples
    spans: tuple[tuple[float, float, str], ...]
    said: tuple[tuple[str, str], ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / 16_000


@dataclass(frozen=True, slots=True)
class HeardWord:
    text: str
    start_ms: int
    end_ms: int


def ami(folder: Path) -> list[Meeting]:
    """The excerpts of AMI meetings whose turns are known."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    return [_excerpt(folder, row) for row in rows if row["kind"] == "meeting" and row.get("rttm")]


def _excerpt(folder: Path, row: dict[str, Any]) -> Meeting:
    samples, _ = soundfile.read(folder / row["file"], dtype="float32")
    spans = tuple((start, start + length, name) for start, length, name in row["rttm"])
    said = tuple((part["speaker"], part["text"]) for part in row.get("segments") or ())
    return Meeting(row["id"], samples, spans, said)


def scripted(folder: Path, tracks: Any, name: str) -> Meeting:
    """A script's voices in one microphone; `tracks` is the folder's own module."""
    script = json.loads((folder / "scenarios" / f"{name}.json").read_text())
    _, mixed, truth = tracks.render(script, tracks.load_manifest(folder), folder)
    spans = tuple((turn["start"], turn["end"], turn["speaker"]) for turn in truth)
    said = tuple((turn["speaker"], turn["text"]) for turn in truth)
    return Meeting(name, mixed.astype(np.float32), spans, said)


class TimeError:
    """Diarization error rate over several recordings; overlapping speech counts."""

    def __init__(self, collar_seconds: float = COLLAR_SECONDS) -> None:
        from pyannote.metrics.diarization import DiarizationErrorRate

        self._metric = DiarizationErrorRate(collar=2 * collar_seconds, skip_overlap=False)

    def add(self, meeting: Meeting, turns: Sequence[Turn]) -> float:
        from pyannote.core import Annotation, Segment

        truth, found = Annotation(), Annotation()
        for number, (start, end, name) in enumerate(meeting.spans):
            truth[Segment(start, end), number] = name
        for number, turn in enumerate(turns):
            found[Segment(turn.start_ms / 1_000, turn.end_ms / 1_000), number] = turn.speaker
        return float(self._metric(truth, found, uem=Segment(0, meeting.seconds)))

    @property
    def overall(self) -> float:
        return float(abs(self._metric))


def attributed(words: Sequence[HeardWord], turns: Iterable[Turn]) -> list[tuple[int, str]]:
    """(speaker, word) as an upload would store them: a line is what stands between pauses of half a second."""
    speakers, said = Speakers(turns), []
    for line in _lines(words):
        for run in runs(line, speakers):
            said += [(-1 if run.speaker is None else run.speaker, word.text) for word in line[run.first : run.end]]
    return said


def _lines(words: Sequence[HeardWord]) -> list[list[HeardWord]]:
    lines: list[list[HeardWord]] = []
    for word in words:
        if lines and word.start_ms - lines[-1][-1].end_ms < 500:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def wrongly_attributed(meeting: Meeting, said: Sequence[tuple[int, str]]) -> tuple[int, int]:
    """(wrong, all) of the words that were heard rightly, under the best one-to-one naming of the speakers."""
    truth = [(name, word) for name, text in meeting.said for word in _normal(text).split()]
    heard = [(speaker, word) for speaker, text in said for word in _normal(text).split()]
    matcher = SequenceMatcher(None, [word for _, word in truth], [word for _, word in heard], autojunk=False)
    pairs = [
        (truth[block.a + at][0], heard[block.b + at][0])
        for block in matcher.get_matching_blocks()
        for at in range(block.size)
    ]
    return len(pairs) - _best_naming(pairs), len(pairs)


def _best_naming(pairs: Sequence[tuple[str, int]]) -> int:
    from scipy.optimize import linear_sum_assignment

    counts = Counter(pairs)
    names, speakers = sorted({name for name, _ in pairs}), sorted({speaker for _, speaker in pairs})
    table = np.array([[counts[name, speaker] for speaker in speakers] for name in names])
    if not table.size:
        return 0
    return int(table[linear_sum_assignment(table, maximize=True)].sum())


def cp_wer(meeting: Meeting, said: Sequence[tuple[int, str]]) -> float | None:
    """Concatenated minimum-permutation WER; None where meeteval is not installed."""
    try:
        from meeteval.wer.wer.cp import cp_word_error_rate
    except ImportError:
        return None
    truth: dict[str, str] = {}
    heard: dict[str, str] = {}
    for name, text in meeting.said:
        truth[name] = f"{truth.get(name, '')} {_normal(text)}"
    for speaker, text in said:
        heard[str(speaker)] = f"{heard.get(str(speaker), '')} {_normal(text)}"
    return float(cp_word_error_rate(truth, heard).error_rate)
