"""How right the finals are: `python -m bench.words [--model base] [--every 1]` over the clips of the folder SPEECH_DIR.

Each clip goes through a speaker's processor and the engine as fast as they can, and through offline faster-whisper with
the same model and beam 5. Clips without speech count the words that were invented.
"""

import argparse
import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench import offline, report
from tests.speech import SAMPLE_RATE, Utterance, Voice, word_count, word_error_rate
from transcription.captions import Final
from transcription.engines.base import EngineSettings
from transcription.engines.whisper import WhisperEngine
from transcription.speaker import SpeakerProcessor
from transcription.streams import StreamInfo
from transcription.vad import SileroVad

FRAME = SAMPLE_RATE // 10
NO_PARTIALS = 1 << 40  # samples


@dataclass(slots=True)
class Tally:
    clips: int = 0
    seconds: float = 0.0
    words: int = 0
    wrong: float = 0.0
    wrong_offline: float = 0.0
    invented: int = 0

    def row(self, name: str) -> report.Row:
        words = max(1, self.words)
        return {
            "clips": name, "count": self.clips, "minutes": round(self.seconds / 60, 1), "words": self.words,
            "wer": round(100 * self.wrong / words, 2), "wer_offline": round(100 * self.wrong_offline / words, 2),
            "invented": self.invented,
        }  # fmt: skip


class Listener:
    """Finals of a recording, and the slowest decode on the way."""

    def __init__(self, model: str) -> None:
        self._engine = WhisperEngine(EngineSettings(model))
        self.slowest_seconds = 0.0

    def hear(self, voice: Voice, language: str) -> str:
        stream = StreamInfo(voice.name, "bench", voice.name, language=language)
        processor = SpeakerProcessor(stream, SileroVad())
        pcm = np.clip(voice.samples * 32_767, -32_768, 32_767).astype("<i2")
        finals: list[str] = []
        for at in range(0, len(pcm), FRAME):
            processor.push(pcm[at : at + FRAME].tobytes(), at)
            finals += self._decode(processor)
        processor.flush()
        return " ".join(finals + self._decode(processor))

    def _decode(self, processor: SpeakerProcessor) -> list[str]:
        while job := processor.next_job(NO_PARTIALS):
            began = time.perf_counter()
            processor.apply(job, self._engine.decode([job.window])[0])
            self.slowest_seconds = max(self.slowest_seconds, time.perf_counter() - began)
        return [caption.text for caption in processor.take() if isinstance(caption, Final)]


def clips(folder: Path) -> list[tuple[str, Voice]]:
    """Group and recording, English or without speech; nothing is said in the latter."""
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    chosen = [clip for clip in lines if clip["kind"] == "noise" or (clip["wer"] and clip["language"].startswith("en"))]
    return [(Path(clip["file"]).parts[0], _voice(folder / clip["file"], clip["text"] or "")) for clip in chosen]


def _voice(file: Path, text: str) -> Voice:
    samples, _ = soundfile.read(file, dtype="float32")
    return Voice(file.stem, samples, (Utterance(0.0, len(samples) / SAMPLE_RATE, text),))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.words", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--every", type=int, default=1, help="take every so manyth clip")
    options = parser.parse_args()
    if not os.environ.get("SPEECH_DIR"):
        raise SystemExit("bench.words needs recordings: set SPEECH_DIR to a folder with manifest.jsonl")
    listener, yardstick = Listener(options.model), offline.load(options.model, "cpu")
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    chosen = clips(Path(os.environ["SPEECH_DIR"]))[:: options.every]
    for number, (group, voice) in enumerate(chosen, start=1):
        text = listener.hear(voice, "en")
        beside = " ".join(word.text for word in offline.hear(yardstick, voice)) if voice.text else ""
        for name in (group, "all with speech") if voice.text else (group,):
            count(tallies[name], voice, text, beside)
        print(f"{number}/{len(chosen)} {voice.name}", flush=True)
    rows = [tallies[name].row(name) for name in sorted(tallies)]
    about = report.machine() | {"model": options.model, "every": options.every}
    about["slowest_decode_seconds"] = round(listener.slowest_seconds, 2)
    target = report.write(f"{Path(options.model).name}-words", about, rows, tuple(rows[0]))
    print(report.table(rows, tuple(rows[0])), f"\nslowest decode {listener.slowest_seconds:.2f} s\nwritten: {target}")


def count(tally: Tally, voice: Voice, text: str, beside: str) -> None:
    tally.clips += 1
    tally.seconds += voice.seconds
    if not voice.text:
        tally.invented += word_count(text)
        return
    words = word_count(voice.text)
    tally.words += words
    tally.wrong += words * word_error_rate(voice.text, text)
    tally.wrong_offline += words * word_error_rate(voice.text, beside)


if __name__ == "__main__":
    main()
