"""Audio as bad microphones make it, through the real voice activity model and the real Whisper."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.speech import three_voices, word_error_rate
from transcription.captions import SAMPLE_RATE, Final
from transcription.engines.base import EngineSettings
from transcription.engines.whisper import WhisperEngine
from transcription.speaker import SpeakerProcessor
from transcription.streams import StreamInfo
from transcription.vad import SileroVad

Audio = NDArray[np.float64]
NEVER = 10**9  # samples until a partial: finals alone are looked at
RNG = np.random.default_rng(1)


@pytest.fixture(scope="module")
def engine() -> WhisperEngine:
    return WhisperEngine(EngineSettings("tiny.en"))


@pytest.fixture(scope="module")
def speech() -> tuple[Audio, str]:
    """A short real utterance, -1 to 1, and what is said in it."""
    voice = min(three_voices(), key=lambda voice: len(voice.text))
    said = voice.utterances[0]
    part = voice.samples[int((said.start - 0.5) * SAMPLE_RATE) : int((said.end + 1.0) * SAMPLE_RATE)]
    return part.astype(float) / np.abs(part).max(), said.text


def pcm(audio: Audio) -> bytes:
    return np.clip(audio * 32_767, -32_768, 32_767).astype("<i2").tobytes()


def heard(engine: WhisperEngine, data: bytes) -> str:
    """The finals of a stream, fed in frames of 100 ms."""
    processor = SpeakerProcessor(StreamInfo("s", "m", "p", language="en"), SileroVad())
    texts = []
    for at in range(0, len(data) + 3_200, 3_200):
        if at < len(data):
            processor.push(data[at : at + 3_200], at // 2)
        else:
            processor.flush()
        while job := processor.next_job(NEVER):
            processor.apply(job, engine.decode([job.window])[0])
        texts += [caption.text for caption in processor.take() if isinstance(caption, Final)]
    return " ".join(texts)


def seconds(count: float) -> Audio:
    return np.arange(int(count * SAMPLE_RATE)) / SAMPLE_RATE


HARMED: dict[str, Callable[[Audio], Audio]] = {
    "as it was": lambda audio: audio * 0.5,
    "clipped": lambda audio: np.clip(audio * 6, -1, 1),
    "at full scale": lambda audio: audio,
    "quiet": lambda audio: audio * 0.03,
    "on an offset": lambda audio: audio * 0.4 + 0.2,
    "on a large offset": lambda audio: audio * 0.3 - 0.6,
    "on mains hum": lambda audio: audio * 0.5 + 0.1 * np.sin(2 * np.pi * 50 * np.arange(len(audio)) / SAMPLE_RATE),
    "upside down": lambda audio: -0.5 * audio,
}


@pytest.mark.parametrize("how", HARMED)
def test_speech_is_understood_however_it_was_recorded(
    engine: WhisperEngine, speech: tuple[Audio, str], how: str
) -> None:
    audio, said = speech
    assert word_error_rate(said, heard(engine, pcm(HARMED[how](audio)))) <= 0.25


EMPTY: dict[str, Callable[[], bytes]] = {
    "digital silence": lambda: bytes(2 * 12 * SAMPLE_RATE),
    "a constant": lambda: pcm(np.full(10 * SAMPLE_RATE, 0.9)),
    "white noise": lambda: pcm(RNG.normal(0, 0.05, 10 * SAMPLE_RATE)),
    "white noise at full scale": lambda: pcm(RNG.uniform(-1, 1, 10 * SAMPLE_RATE)),
    "a square wave at full scale": lambda: pcm(np.sign(np.sin(2 * np.pi * 440 * seconds(10)))),
    "every other sample the opposite": lambda: pcm(np.resize([1.0, -1.0], 10 * SAMPLE_RATE)),
    "mains hum": lambda: pcm(0.8 * np.sin(2 * np.pi * 50 * seconds(10))),
    "clicks": lambda: pcm(np.resize([1.0, *[0.0] * 3_999], 10 * SAMPLE_RATE)),
    "a rising tone": lambda: pcm(0.7 * np.sin(2 * np.pi * (100 + 300 * seconds(10)) * seconds(10))),
    "floats that are not numbers, sent as samples": lambda: np.full(5 * SAMPLE_RATE, np.nan, "<f4").tobytes(),
    "floats sent as samples": lambda: RNG.normal(0, 0.1, 5 * SAMPLE_RATE).astype("<f4").tobytes(),
}


@pytest.mark.parametrize("what", EMPTY)
def test_no_words_are_made_up_where_nobody_speaks(engine: WhisperEngine, what: str) -> None:
    assert heard(engine, EMPTY[what]()) == ""


@pytest.mark.parametrize("what", ["white noise at full scale", "a constant", "floats sent as samples"])
def test_speech_after_nonsense_is_understood(engine: WhisperEngine, speech: tuple[Audio, str], what: str) -> None:
    audio, said = speech
    text = heard(engine, EMPTY[what]() + bytes(2 * SAMPLE_RATE) + pcm(audio * 0.5))
    assert word_error_rate(said, text) <= 0.25
