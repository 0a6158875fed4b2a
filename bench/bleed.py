"""How well copies are told from genuine lines when every microphone hears everybody: `python -m bench.bleed`.

The tracks of scripted meetings are mixed into each other at several levels, late by the way of the sound and with the
error of the pages' clocks, and coloured by the room. Voice activity cuts them into lines as it does live; a line is a
copy where its own speaker said nothing.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from tests.speech import SAMPLE_RATE, Samples, Voice, _scenario, three_voices
from transcription.bleed import Heard, copies_among
from transcription.captions import Final
from transcription.engines.base import Hypothesis, SpokenWord
from transcription.speaker import SpeakerProcessor
from transcription.streams import StreamInfo
from transcription.vad import SileroVad

LEVELS_DB = (-6, -10, -14, -20)
SCENARIOS = ("three-2min", "two-1min-clean", "eight-3min", "hard-1min")
CLOCK_ERROR_MS = (0, 60, -90, 140, -40, 110, -130, 30)  # of each participant's page
WAY_MS = 9  # three metres
SAME = 0.15  # of a line in which its own speaker talks: then it is theirs
COPIES_HIDDEN = 0.9  # at least, of all copies
GENUINE_HIDDEN = 0.01  # at most, of all genuine lines


@dataclass(frozen=True, slots=True)
class Line:
    heard: Heard
    genuine: bool


@dataclass
class Count:
    copies: int = 0
    hidden_copies: int = 0
    genuine: int = 0
    hidden_genuine: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def verdict(self) -> str:
        found = self.hidden_copies >= COPIES_HIDDEN * self.copies
        spared = self.hidden_genuine <= GENUINE_HIDDEN * self.genuine
        return "held" if found and spared else "missed"


def bled(voices: list[Voice], level_db: float) -> list[Samples]:
    """What each microphone hears: its own voice, and all others quieter, later and duller."""
    length = max(len(voice.samples) for voice in voices)
    tracks = [np.pad(voice.samples, (0, length - len(voice.samples))) for voice in voices]
    noise = np.random.default_rng(1)
    way = WAY_MS * SAMPLE_RATE // 1_000
    heard = []
    for place, own in enumerate(tracks):
        others = sum(track for index, track in enumerate(tracks) if index != place)
        late = np.concatenate([np.zeros(way), room(np.asarray(others, np.float32))[:-way]])
        mixed = own + 10 ** (level_db / 20) * late + noise.normal(0, 3e-4, length)
        heard.append(np.clip(mixed, -1, 1).astype(np.float32))
    return heard


def room(samples: Samples) -> Samples:
    """A small room: echoes that die away within a fifth of a second, less of the high tones."""
    noise = np.random.default_rng(7)
    decay = np.exp(-np.arange(SAMPLE_RATE // 5) / (0.035 * SAMPLE_RATE))
    echo = noise.normal(0, 1, len(decay)) * decay
    echo = np.convolve(echo, np.full(3, 1 / 3), "same")
    echo[0] = 4.0
    size = 1 << (len(samples) + len(echo)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(echo, size))[: len(samples)]
    level = np.sqrt((samples**2).mean() / max((wet**2).mean(), 1e-12))
    return np.asarray(wet * level, np.float32)


def lines_of(voice: Voice, mixed: Samples, stream_id: str, clock_error_ms: int, first_key: int) -> Iterator[Line]:
    """The finals that live transcription would cut, without their words."""
    speaker = SpeakerProcessor(StreamInfo(stream_id, "m", stream_id), SileroVad())
    pcm = (np.clip(mixed, -1, 1) * 32_767).astype("<i2").tobytes()
    finals: list[Final] = []
    for at in range(0, len(pcm), 3_200):
        speaker.push(pcm[at : at + 3_200], at // 2)
        finals += _decoded(speaker)
    speaker.flush()
    finals += _decoded(speaker)
    for place, final in enumerate(finals):
        start_ms = final.start_sample // 16 + clock_error_ms
        heard = Heard(first_key + place, stream_id, start_ms, final.end_sample // 16 + clock_error_ms, final.sound)
        yield Line(heard, _spoken(voice, final) >= SAME)


def _decoded(speaker: SpeakerProcessor) -> list[Final]:
    while job := speaker.next_job(1 << 40):
        word = SpokenWord("word", 0, job.end - job.start, 1.0)
        speaker.apply(job, Hypothesis((word,), "en"))
    return [caption for caption in speaker.take() if isinstance(caption, Final)]


def _spoken(voice: Voice, final: Final) -> float:
    """Share of a line that falls into its own speaker's utterances."""
    start, end = final.start_sample / SAMPLE_RATE, final.end_sample / SAMPLE_RATE
    within = (min(end, said.end) - max(start, said.start) for said in voice.utterances)
    return sum(max(0.0, seconds) for seconds in within) / (end - start)


def judged(lines: list[Line]) -> Count:
    """Play the lines in the order of their ends, as the store gets them."""
    count, hidden, known = Count(), set[int](), list[Heard]()
    for line in sorted(lines, key=lambda line: line.heard.end_ms):
        hidden |= copies_among(line.heard, [other for other in known if other.key not in hidden]).keys()
        known.append(line.heard)
    for line in lines:
        gone = line.heard.key in hidden
        count.copies += not line.genuine
        count.hidden_copies += gone and not line.genuine
        count.genuine += line.genuine
        count.hidden_genuine += gone and line.genuine
    return count


def measure(voices: list[Voice], level_db: float) -> Count:
    lines: list[Line] = []
    for place, mixed in enumerate(bled(voices, level_db)):
        error = CLOCK_ERROR_MS[place % len(CLOCK_ERROR_MS)]
        lines += lines_of(voices[place], mixed, str(place), error, 1_000 * place)
    return judged(lines)


def main() -> None:
    folder = os.environ.get("SPEECH_DIR")
    names = sys.argv[1:] or SCENARIOS
    meetings = {name: _scenario(Path(folder), name) for name in names} if folder else {"packaged": three_voices()}
    print(f"Goal: at least {COPIES_HIDDEN:.0%} of copies and at most {GENUINE_HIDDEN:.0%} of genuine lines hidden.\n")
    print("| meeting | level | copies | hidden | genuine | hidden by mistake | goal |\n|---|---|---|---|---|---|---|")
    found = {(name, level): measure(voices, level) for name, voices in meetings.items() for level in LEVELS_DB}
    for (name, level), count in found.items():
        print(row(f"{name} | {level} dB", count))
    print(row("all |", sum(found.values(), Count())))


def row(name: str, count: Count) -> str:
    figures = (count.copies, count.hidden_copies, count.genuine, count.hidden_genuine, count.verdict)
    return f"| {name} | {' | '.join(str(figure) for figure in figures)} |"


if __name__ == "__main__":
    main()
