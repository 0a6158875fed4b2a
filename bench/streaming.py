"""Streams voices at the pace of speech into a recogniser and keeps what came out, when and at what cost."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from bench.screen import Screen
from tests.speech import SAMPLE_RATE, Voice
from transcription.captions import Caption, Final, Partial
from transcription.recogniser import Recogniser
from transcription.streams import StreamInfo

FRAME = SAMPLE_RATE // 10
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(slots=True)
class Take:
    """One run."""

    screens: dict[str, Screen] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    audio_seconds: float = 0.0


class Source(Protocol):
    async def play(self, voice: Voice, screen: Screen, began: float) -> None: ...


def pcm_frames(voice: Voice) -> list[bytes]:
    samples = np.clip(voice.samples * 32_767, -32_768, 32_767).astype("<i2")
    return [samples[at : at + FRAME].tobytes() for at in range(0, len(samples), FRAME)]


def family_cpu_seconds() -> float:
    return sum(sum(map(int, stat[11:13])) for stat in _family()) / TICKS


def family_rss_bytes() -> int:
    return sum(int(stat[21]) for stat in _family()) * PAGE


def _family() -> list[list[str]]:
    """/proc/PID/stat of this process and its children, from the third field on."""
    own = str(os.getpid())
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if path.parent.name == own or stat[1] == own:
            found.append(stat)
    return found


async def stream(source: Source, voices: list[Voice]) -> Take:
    """All voices at once, frame by frame, as a microphone would send them."""
    take = Take(audio_seconds=sum(voice.seconds for voice in voices))
    before, began = family_cpu_seconds(), time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for voice in voices:
            take.screens[voice.name] = screen = Screen()
            tasks.create_task(source.play(voice, screen, began))
    take.cpu_seconds = family_cpu_seconds() - before
    return take


class EngineAlone:
    """Straight into the recogniser."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    async def play(self, voice: Voice, screen: Screen, began: float) -> None:
        speaker = self._recogniser.open(StreamInfo(voice.name, "bench", voice.name, preferred_languages=("en",)))
        reading = asyncio.create_task(_read(speaker.captions(), screen, began))
        for index, frame in enumerate(pcm_frames(voice)):
            await until(began + (index + 1) * 0.1)
            speaker.push(frame, index * FRAME)
        await speaker.finish()
        await reading


async def until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _read(captions: AsyncIterator[Caption], screen: Screen, began: float) -> None:
    log = ScreenLog(screen, began)
    async for caption in captions:
        log.take(caption)


class ScreenLog:
    """Captions onto a screen."""

    def __init__(self, screen: Screen, began: float) -> None:
        self._screen = screen
        self._began = began
        self._fixed: list[str] = []

    def take(self, caption: Caption) -> None:
        at = time.monotonic() - self._began
        if isinstance(caption, Partial):
            self._screen.show(at, self._fixed, caption.text.split())
        elif isinstance(caption, Final):
            self._fixed += caption.text.split()
            self._screen.show(at, self._fixed, [])
            self._screen.finals.append((at, caption.end_sample / SAMPLE_RATE))
