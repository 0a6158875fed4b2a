"""How right speakers are: of time (DER) and of words. The truth of a meeting comes from the folder SPEECH_DIR."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import soundfile
from whisper_normalizer.english import EnglishTextNormalizer

from bench.report import Row
from tests.speech import Samples
from transcription.diarization.assignment import Speakers, runs
from transcription.diarization.turns import Turn

COLLAR_SECONDS = 0.25  # on each side of every boundary of the truth
SCENARIOS = ("two-1min-clean", "three-2min", "eight-3min", "hard-1min")
Said = tuple[int | str, str]  # speaker and words
_normal = EnglishTextNormalizer()


@dataclass(frozen=True, slots=True)
class Meeting:
    """One microphone for several people; spans are (start, end, name) in seconds, said (name, words) in order."""

    name: str
    samples: Samples
    spans: tuple[tuple[float, float, str], ...]
    said: tuple[tuple[str, str], ...]
    tracks: tuple[tuple[str, Samples], ...] = ()  # the same with a microphone each, where it was made of such

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
    apart, mixed, truth = tracks.render(script, tracks.load_manifest(folder), folder)
    spans = tuple((turn["start"], turn["end"], turn["speaker"]) for turn in truth)
    said = tuple((turn["speaker"], turn["text"]) for turn in truth)
    each = tuple((speaker, track.astype(np.float32)) for speaker, track in apart.items())
    return Meeting(name, mixed.astype(np.float32), spans, said, each)


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


def attributed(words: Sequence[HeardWord], turns: Iterable[Turn]) -> list[Said]:
    """As an upload would store them: a line is what stands between pauses of half a second."""
    speakers, said = Speakers(turns), list[Said]()
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


class WordError:
    """Whose words went to somebody else, and cpWER, over several recordings."""

    def __init__(self) -> None:
        self._wrong = self._matched = self._errors = self._words = 0

    def add(self, meeting: Meeting, said: Sequence[Said]) -> Row:
        own = WordError()
        own._wrong, own._matched = wrongly_attributed(meeting, said)
        own._errors, own._words = cp_errors(meeting, said)
        self._wrong += own._wrong
        self._matched += own._matched
        self._errors += own._errors
        self._words += own._words
        return own.overall

    @property
    def overall(self) -> Row:
        if not self._words:
            return {}
        wrong = self._wrong / max(1, self._matched)
        return {"words": self._matched, "wrong_words": wrong, "cp_wer": self._errors / self._words}


def wrongly_attributed(meeting: Meeting, said: Sequence[Said]) -> tuple[int, int]:
    """(wrong, all) of the words that were heard rightly, under the best one-to-one naming of the speakers."""
    truth = [(name, word) for name, text in meeting.said for word in _normal(text).split()]
    heard = [(speaker, word) for speaker, text in said for word in _normal(text).split()]
    matcher = SequenceMatcher(None, [word for _, word in truth], [word for _, word in heard], autojunk=False)
    pairs = [
        (truth[block.a + at][0], heard[block.b + at][0])
        for block in matcher.get_matching_blocks()
        for at in range(block.size)
    ]
    counts = Counter(pairs)
    names, speakers = sorted({name for name, _ in pairs}), sorted({speaker for _, speaker in pairs})
    return len(pairs) + _least([[-counts[name, speaker] for speaker in speakers] for name in names]), len(pairs)


def cp_errors(meeting: Meeting, said: Sequence[Said]) -> tuple[int, int]:
    """(wrong, all) words of the truth, each speaker's in one row, under the naming of the speakers with the fewest
    errors: cpWER of https://arxiv.org/abs/2004.09249, as meeteval counts it, which needs a C++ compiler."""
    truth, heard = _rows(meeting.said), _rows(said)
    truth += [""] * (len(heard) - len(truth))
    heard += [""] * (len(truth) - len(heard))
    errors = _least([[_errors(row, other) for other in heard] for row in truth])
    return errors, sum(len(row.split()) for row in truth)


def _rows(said: Iterable[Said]) -> list[str]:
    rows: dict[int | str, list[str]] = {}
    for speaker, text in said:
        rows.setdefault(speaker, []).append(text)
    return [_normal(" ".join(texts)) for texts in rows.values()]


def _errors(truth: str, heard: str) -> int:
    if not truth or not heard:
        return len(truth.split()) + len(heard.split())
    found = jiwer.process_words(truth, heard)
    return int(found.substitutions + found.deletions + found.insertions)


def _least(costs: Sequence[Sequence[int]]) -> int:
    """The smallest sum that takes one of each row and column."""
    from scipy.optimize import linear_sum_assignment

    table = np.array(costs)
    return int(table[linear_sum_assignment(table)].sum()) if table.size else 0
