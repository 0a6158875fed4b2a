"""What is said in the benchmark: continuous talk per speaker, and meetings in which people take turns."""

import json
import os
from pathlib import Path

import numpy as np
import soundfile

from tests.speech import SAMPLE_RATE, Samples, Utterance, Voice, _scenario, three_voices

PAUSE_SECONDS = 0.3  # between two sentences of continuous talk


def continuous(speakers: int, seconds: float) -> list[Voice]:
    """People who do not stop talking: read sentences of one voice after the other, each speaker begins elsewhere."""
    if not os.environ.get("SPEECH_DIR"):
        return [_shifted(three_voices()[index % 3], seconds, index) for index in range(speakers)]
    folder = Path(os.environ["SPEECH_DIR"])
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    clips = [clip for clip in lines if clip["file"].startswith("read-en") and clip["wer"]]
    return [_talk(folder, clips, index, speakers, seconds) for index in range(speakers)]


def meeting(name: str, seconds: float) -> list[Voice]:
    """One track per participant of a scripted meeting, cut to its first `seconds`."""
    folder = os.environ.get("SPEECH_DIR")
    voices = _scenario(Path(folder), name) if folder else three_voices()
    return [_cut(voice, seconds) for voice in voices]


def nothing_said(streams: int, seconds: float) -> list[Voice]:
    """Noise, music, tones and silence, none of which should give a word."""
    folder = os.environ.get("SPEECH_DIR")
    sounds = _noises(Path(folder)) if folder else _made_noises()
    names = sorted(sounds)
    return [
        Voice(f"{names[index % len(names)]} {index}", _shift(sounds[names[index % len(names)]], seconds, index), ())
        for index in range(streams)
    ]


def _noises(folder: Path) -> dict[str, Samples]:
    found = {file.stem: soundfile.read(file, dtype="float32")[0] for file in sorted((folder / "noise").glob("*.flac"))}
    return found | {"silence": np.zeros(SAMPLE_RATE, np.float32)}


def _made_noises() -> dict[str, Samples]:
    """Ten seconds each of hiss, rumble, hum, a chord and silence."""
    random = np.random.default_rng(3)
    time = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    hiss = random.normal(0, 0.03, len(time))
    rumble = np.convolve(random.normal(0, 0.3, len(time)), np.ones(200) / 200, "same")
    hum = 0.1 * np.sign(np.sin(2 * np.pi * 50 * time)) * np.sin(2 * np.pi * 100 * time)
    chord = sum(0.05 * np.sin(2 * np.pi * pitch * time) * (time % 0.5 < 0.4) for pitch in (262, 330, 392))
    made = {"hiss": hiss, "rumble": rumble, "hum": hum, "chord": chord, "silence": 0 * time}
    return {name: samples.astype(np.float32) for name, samples in made.items()}


def _talk(folder: Path, clips: list[dict[str, str]], index: int, speakers: int, seconds: float) -> Voice:
    place = index * len(clips) // speakers
    parts: list[Samples] = []
    said: list[Utterance] = []
    at = 0.0
    while at < seconds:
        clip = clips[place % len(clips)]
        samples, _ = soundfile.read(folder / clip["file"], dtype="float32")
        said.append(Utterance(at, at + len(samples) / SAMPLE_RATE, clip["text"]))
        parts += [samples, np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.float32)]
        at += len(samples) / SAMPLE_RATE + PAUSE_SECONDS
        place += 1
    return Voice(f"speaker {index + 1}", np.concatenate(parts), tuple(said))


def _shifted(voice: Voice, seconds: float, index: int) -> Voice:
    loud = voice.samples[np.abs(voice.samples).cumsum() > 0]
    return Voice(f"speaker {index + 1}", _shift(loud, seconds, index), voice.utterances)


def _shift(samples: Samples, seconds: float, index: int) -> Samples:
    """As long as `seconds`, over and over; each index begins elsewhere."""
    return np.resize(np.roll(samples, index * SAMPLE_RATE * 7), round(seconds * SAMPLE_RATE))


def _cut(voice: Voice, seconds: float) -> Voice:
    said = tuple(utterance for utterance in voice.utterances if utterance.end <= seconds)
    end = max((utterance.end for utterance in said), default=seconds)
    return Voice(voice.name, voice.samples[: round((end + 1) * SAMPLE_RATE)], said)
