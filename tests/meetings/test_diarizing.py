"""The child that tells speakers apart is waited for as long as its audio is worth, and not for ever."""

import asyncio
import sys
from collections.abc import AsyncGenerator

import pytest

from meetings import diarizing
from meetings.services.speakers import Diarization
from transcription.diarization.turns import SpeakerCount, Turn

HANGS = "import sys, time; sys.stdin.buffer.read(); time.sleep(60)"
READS_NOTHING = "import time; time.sleep(60)"
ANSWERS = "import sys, time; sys.stdin.buffer.read(); time.sleep(0.5); print('{\"turns\": [[0, 900, 0]]}')"


def diarized(monkeypatch: pytest.MonkeyPatch, program: str, seconds: int) -> Diarization:
    async def start(_bounds: SpeakerCount) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdin=pipe, stdout=pipe)

    async def audio() -> AsyncGenerator[bytes, None]:
        for _ in range(seconds):
            yield bytes(diarizing.BYTES_PER_SECOND)

    monkeypatch.setattr(diarizing, "_start", start)
    monkeypatch.setattr(diarizing, "TOLD_SECONDS", 0.1)
    return asyncio.run(diarizing.diarize(audio(), SpeakerCount(), lambda share: None))


@pytest.mark.parametrize("program", [HANGS, READS_NOTHING])
def test_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(diarizing, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(diarizing, "SLOWEST", 0.001)
    assert diarized(monkeypatch, program, 60) == Diarization(unable="crash")


def test_longer_audio_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diarizing, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(diarizing, "SLOWEST", 1_000.0)
    assert diarized(monkeypatch, ANSWERS, 60) == Diarization([Turn(0, 900, 0)])
