import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.intake import Intake, Samples


def collect(intake: Intake, frames: list[tuple[int, Samples]]) -> tuple[Samples, list[tuple[int, int]]]:
    runs = [run for first, samples in frames for run in intake.push(samples.tobytes(), first)] + intake.flush()
    gaps = [(run.gap_start, run.start) for run in runs if run.gap_start is not None]
    return np.concatenate([np.zeros(0, np.int16), *(run.samples for run in runs)]), gaps


AUDIO = np.random.default_rng(7).integers(-9_000, 9_000, 9_600, np.int16)


@given(st.lists(st.tuples(st.integers(0, 9_600), st.integers(1, 2_000)), max_size=20))
def test_repeated_and_overlapping_frames_change_nothing(repeats: list[tuple[int, int]]) -> None:
    frames: list[tuple[int, Samples]] = []
    for sent in range(800, 9_601, 800):
        frames.append((sent - 800, AUDIO[sent - 800 : sent]))
        again = [(min(first, sent), length) for first, length in repeats if first % 9_600 // 800 == sent // 800 - 1]
        frames += [(first, AUDIO[first : min(first + length, sent)]) for first, length in again]
    found, gaps = collect(Intake(16_000), frames)
    assert gaps == []
    assert np.array_equal(found, AUDIO)


def test_a_jump_ahead_is_a_gap_of_exactly_the_missing_samples() -> None:
    found, gaps = collect(Intake(16_000), [(0, AUDIO[:800]), (2_000, AUDIO[2_000:2_800])])
    assert gaps == [(800, 2_000)]
    assert len(found) == 1_600


def test_audio_before_the_resume_sample_is_ignored_and_a_late_start_is_a_gap() -> None:
    found, gaps = collect(Intake(16_000, resume_sample=500), [(0, AUDIO[:800])])
    assert np.array_equal(found, AUDIO[500:800])
    assert gaps == []
    _, gaps = collect(Intake(16_000, resume_sample=500), [(700, AUDIO[700:800])])
    assert gaps == [(500, 700)]


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_any_rate_comes_out_at_16_khz_whatever_the_chunks(rate: int) -> None:
    tone = (9_000 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)).astype(np.int16)
    whole, _ = collect(Intake(rate), [(0, tone)])
    pieces, gaps = collect(Intake(rate), [(at, tone[at : at + 777]) for at in range(0, len(tone), 777)])
    assert gaps == []
    assert abs(len(whole) - 32_000) <= 1
    assert len(pieces) == len(whole)
    assert np.abs(pieces.astype(int) - whole.astype(int)).max() <= 1
    expected = 9_000 * np.sin(2 * np.pi * 440 * np.arange(len(whole)) / 16_000)
    assert np.abs(whole - expected)[400:-400].max() < 200
