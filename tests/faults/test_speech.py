"""Rows 32 and 33 with the real model: what is no speech stays without words, and hard speech takes a bounded time."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soundfile
import soxr

from tests.faults.figures import Figure, Figures, row
from tests.speech import SAMPLE_RATE, Samples, three_voices, word_count
from transcription.captions import Final
from transcription.recogniser import Recogniser, RecogniserSettings
from transcription.streams import StreamInfo

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(900)]
FRAME = SAMPLE_RATE // 10
FASTER = 8  # than it was said


@dataclass(frozen=True, slots=True)
class Heard:
    texts: list[str]
    slowest_s: float  # the longest time without a caption

    @property
    def words(self) -> int:
        return sum(word_count(text) for text in self.texts)


@pytest_asyncio.fixture
async def recogniser() -> AsyncIterator[Recogniser]:
    made = Recogniser(RecogniserSettings("whisper", "base", device="cpu"))
    await made.start()
    yield made
    await made.close()


async def listen(recogniser: Recogniser, samples: Samples) -> Heard:
    """Eight times as fast as it was said."""
    speaker = recogniser.open(StreamInfo("hard", "meeting", "somebody"))
    texts: list[str] = []
    moments = [time.monotonic()]

    async def read() -> None:
        async for caption in speaker.captions():
            moments.append(time.monotonic())
            if isinstance(caption, Final):
                texts.append(caption.text)

    reading = asyncio.create_task(read())
    pcm = (np.clip(samples, -1, 1) * 32_767).astype("<i2")
    for start in range(0, len(pcm), FRAME):
        speaker.push(pcm[start : start + FRAME].tobytes(), start)
        await asyncio.sleep(FRAME / SAMPLE_RATE / FASTER)
    await speaker.finish()
    await reading
    moments.append(time.monotonic())
    return Heard(texts, max(later - earlier for earlier, later in pairwise(moments)))


def fan(seconds: float) -> Samples:
    """A hum with its overtones in low-passed noise."""
    chance = np.random.default_rng(7)
    count = round(seconds * SAMPLE_RATE)
    noise = np.convolve(chance.standard_normal(count), np.ones(24) / 24, "same")
    times = np.arange(count) / SAMPLE_RATE
    hum = sum(np.sin(2 * np.pi * 97 * overtone * times) / overtone for overtone in range(1, 6))
    return np.asarray(0.05 * noise + 0.02 * hum, np.float32)


def recorded_noise(seconds: float) -> list[Samples]:
    """Rooms, animals and music of the speech folder."""
    folder = os.environ.get("SPEECH_DIR")
    if not folder:
        return []
    found = []
    for path in sorted((Path(folder) / "noise").glob("*.flac")):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        mono = soxr.resample(samples.mean(axis=1), rate, SAMPLE_RATE)
        found.append(np.asarray(mono[: round(seconds * SAMPLE_RATE)], np.float32))
    return found


@row(32, "10 min of silence, fan and recorded noise and music")
async def test_what_is_no_speech_stays_without_words(recogniser: Recogniser, figures: Figures) -> None:
    parts = recorded_noise(60)
    quiet = np.zeros(120 * SAMPLE_RATE, np.float32)
    samples = np.concatenate([quiet, *parts, fan(max(60.0, 480.0 - sum(map(len, parts)) / SAMPLE_RATE))])
    heard = await listen(recogniser, samples)
    minutes = len(samples) / SAMPLE_RATE / 60
    figures.add(None, Figure("invented words", heard.words, 1, bearable=1), Figure("listened", minutes, unit="min"),
                Figure("recordings of noise and music", len(parts)), shown=heard.texts)  # fmt: skip


@row(33, "telephone speech")
async def test_telephone_speech_takes_a_bounded_time(recogniser: Recogniser, figures: Figures) -> None:
    voice = three_voices()[0]
    narrow = soxr.resample(soxr.resample(voice.samples[: 30 * SAMPLE_RATE], SAMPLE_RATE, 8_000), 8_000, SAMPLE_RATE)
    heard = await listen(recogniser, np.asarray(narrow, np.float32))
    figures.add(None, slowest(heard), shown=f"{heard.words} words")
    assert heard.words


def slowest(heard: Heard) -> Figure:
    return Figure("slowest window", heard.slowest_s, 10.0, "s", bearable=10.0)


@row(33, "a phrase again and again")
async def test_a_phrase_said_over_and_over_ends_when_its_speaker_does(recogniser: Recogniser, figures: Figures) -> None:
    """Repetition makes Whisper go on by itself: there may be no more words than anybody can say."""
    first = next(voice for voice in three_voices() if voice.utterances)
    start = round(first.utterances[0].start * SAMPLE_RATE)
    phrase = first.samples[start : start + round(1.5 * SAMPLE_RATE)]
    said = np.tile(phrase, 16)
    heard = await listen(recogniser, said)
    seconds = len(said) / SAMPLE_RATE
    figures.add(None, slowest(heard), Figure("words", heard.words, round(5 * seconds), bearable=5 * seconds),
                shown=f"{heard.words} words in {seconds:.0f} s")  # fmt: skip
