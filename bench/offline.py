"""The yardsticks: what faster-whisper hears in the whole recording, and a plain loop around it."""

import asyncio
import time

import numpy as np
from faster_whisper import WhisperModel

from bench.screen import HeardWord, Screen
from tests.speech import SAMPLE_RATE, Voice
from transcription.models import resolve_model

WINDOW_SECONDS = 24.0  # the loop keeps less than Whisper's 30 s


def load(model: str, device: str) -> WhisperModel:
    compute = "int8" if device == "cpu" else "float16"
    return WhisperModel(str(resolve_model(model)), device=device, compute_type=compute)


def hear(model: WhisperModel, voice: Voice) -> list[HeardWord]:
    """Beam 5 over the whole track, with the time of each word."""
    segments, _ = model.transcribe(voice.samples, beam_size=5, language="en", word_timestamps=True, vad_filter=True)
    return [HeardWord(word.word.strip(), word.end) for segment in segments for word in segment.words or []]


def encode_seconds(model: WhisperModel) -> float:
    """How long the encoder takes for 30 s just now: on a shared machine that changes with the neighbours."""
    silence = np.zeros((1, model.feature_extractor.mel_filters.shape[0], 3_000), np.float32)
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        model.encode(silence)
        taken.append(time.perf_counter() - began)
    return sorted(taken)[1]


async def loop(model: WhisperModel, voice: Voice, every_seconds: float = 1.0) -> tuple[Screen, float]:
    """`transcribe()` every second over the audio since the last finished segment: the baseline. Returns CPU seconds."""
    screen, began, cpu = Screen(), time.monotonic(), time.process_time()
    fixed: list[str] = []
    start, now = 0.0, 0.0
    while now < voice.seconds:
        await asyncio.sleep(max(0.0, began + now + every_seconds - time.monotonic()))
        now = min(time.monotonic() - began, voice.seconds)
        audio = voice.samples[round(start * SAMPLE_RATE) : round(now * SAMPLE_RATE)]
        segments = [(segment.end, segment.text.split()) for segment in model.transcribe(audio, language="en")[0]]
        done = segments if now >= voice.seconds else segments[:-1] if now - start > WINDOW_SECONDS / 2 else []
        fixed += [word for _, words in done for word in words]
        growing = [word for _, words in segments[len(done) :] for word in words]
        start = start + done[-1][0] if done else max(start, now - WINDOW_SECONDS)
        screen.show(time.monotonic() - began, fixed, growing)
        if done:
            screen.finals.append((time.monotonic() - began, start))
    return screen, time.process_time() - cpu
