"""Row 7: whatever order, doubling and overlap frames come in, the samples are exact and gaps are declared."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from tests.faults.figures import Figure, Figures, row
from transcription.bus import AudioBus, Frame
from transcription.intake import Intake
from transcription.streams import StreamInfo

pytestmark = [pytest.mark.faults, pytest.mark.quick]
LONGEST = 400
CASES = 150

frames = st.lists(
    st.tuples(st.integers(0, 4 * LONGEST), st.integers(1, LONGEST)) | st.just("reconnect"),
    min_size=1,
    max_size=25,
)


@dataclass
class Expected:
    """What the bus must hold after frames in the order they came."""

    cursor: int = 0
    gaps: int = 0
    samples: tuple[int, ...] = ()

    def take(self, first: int, count: int) -> None:
        end = first + count
        if end > self.cursor:
            fresh = max(first, self.cursor)
            self.gaps += fresh - self.cursor
            self.samples += tuple(range(fresh, end))
            self.cursor = end


def pcm(first: int, count: int) -> bytes:
    return np.arange(first, first + count).astype("<i2").tobytes()


async def carried(url: str, steps: list[tuple[int, int] | str]) -> tuple[Expected, list[int], int, list[int], int]:
    """Send the frames; returns what is expected, what the bus holds, the gaps it told and what a reader makes of it."""
    redis = Redis.from_url(url)
    bus = AudioBus(redis)
    info = StreamInfo(stream_id=str(uuid4()), meeting_id="m", participant_id="p")
    writer, expected, told = "tab 0", Expected(), 0
    await bus.register(info, writer, 0)
    for number, step in enumerate(steps):
        if isinstance(step, str):
            writer = f"tab {number}"
            assert await bus.register(info, writer, 0) == expected.cursor
        else:
            expected.take(*step)
            told += (await bus.append(info.stream_id, writer, step[0], pcm(*step))).gap_samples
            told_again = await bus.append(info.stream_id, writer, step[0], pcm(*step))
            assert told_again.duplicate
            assert told_again.next_sample == expected.cursor
    entries = (await bus.read({info.stream_id: b"0"}, 1_000, 10)).get(info.stream_id, [])
    held = [entry for entry in entries if isinstance(entry, Frame)]
    await bus.discard(info.stream_id)
    await redis.aclose()
    stored = [sample for entry in held for sample in np.frombuffer(entry.pcm, "<i2").tolist()]
    read, declared = understood(held)
    return expected, stored, told, read, declared


def understood(entries: list[Frame]) -> tuple[list[int], int]:
    """What a speaker's intake makes of the entries: samples and the length of its gaps."""
    intake, samples, gaps = Intake(16_000), [], 0
    for entry in entries:
        for run in intake.push(entry.pcm, entry.first_sample):
            gaps += run.start - run.gap_start if run.gap_start is not None else 0
            samples += run.samples.tolist()
    return samples, gaps


@row(7, "duplicated, overlapping, reordered, missing frames")
def test_duplicated_overlapping_reordered_and_missing_frames_are_exact(redis_url: str, figures: Figures) -> None:
    @seed(figures.seed)
    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(steps=frames)
    def check(steps: list[tuple[int, int] | str]) -> None:
        expected, stored, told, read, declared = asyncio.run(carried(redis_url, steps))
        assert stored == read == list(expected.samples)
        assert told == declared == expected.gaps

    check()
    figures.add(None, Figure("cases", CASES), shown="exact")


def test_a_reader_that_resumes_takes_nothing_that_is_settled() -> None:
    """Frames that another owner settled but did not trim come first, and again."""
    intake = Intake(16_000, resume_sample=450)
    runs = [run for first in range(0, 1_000, 100) for run in intake.push(pcm(first, 100), first)]
    assert [sample for run in runs for sample in run.samples.tolist()] == list(range(450, 1_000))
    assert runs[0].start == 450
    assert all(run.gap_start is None for run in runs)
