"""A quieter copy of a line is told from a line of one's own by sound alone."""

import numpy as np
import pytest
import soxr

from tests.speech import SAMPLE_RATE, Samples, packaged_voices
from transcription.bleed import BANDS, Heard, copies_among, sound_of

pytestmark = pytest.mark.timeout(120)


def heard(key: int, samples: Samples, start_ms: int = 0, stream_id: str = "") -> Heard:
    pcm = (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()
    return Heard(key, stream_id or str(key), start_ms, start_ms + len(samples) // 16, sound_of(pcm))


def quieter(samples: Samples, decibels: float) -> Samples:
    """As another microphone hears it: softer, duller, with the noise of its own."""
    dull = np.convolve(samples, np.full(3, 1 / 3), "same") * 10 ** (-decibels / 20)
    return (dull + np.random.default_rng(3).normal(0, 3e-4, len(dull))).astype(np.float32)


@pytest.fixture(scope="module")
def voices() -> list[Samples]:
    """Two people, four seconds each."""
    found = []
    for voice in packaged_voices()[:2]:
        begin = int(voice.utterances[0].start * SAMPLE_RATE)
        found.append(voice.samples[begin : begin + 4 * SAMPLE_RATE])
    return found


@pytest.mark.parametrize("decibels", [6, 10, 14, 20])
@pytest.mark.parametrize("lag_ms", [-400, 0, 90, 500])
def test_the_quieter_copy_is_found_whichever_line_is_stored_first(
    voices: list[Samples], decibels: float, lag_ms: int
) -> None:
    original, copy = heard(1, voices[0]), heard(2, quieter(voices[0], decibels), lag_ms)
    assert copies_among(copy, [original, copy]) == {2: 1}
    assert copies_among(original, [original, copy]) == {2: 1}


def test_different_words_at_the_same_time_are_both_genuine(voices: list[Samples]) -> None:
    loud, soft = heard(1, voices[0]), heard(2, quieter(voices[1], 12))
    assert copies_among(soft, [loud, soft]) == {}
    assert copies_among(loud, [loud, soft]) == {}


def test_the_same_words_from_two_mouths_are_both_genuine(voices: list[Samples]) -> None:
    for share in (0.94, 1.07):  # another throat, another pace
        other = soxr.resample(voices[0], SAMPLE_RATE, SAMPLE_RATE * share).astype(np.float32)
        assert copies_among(heard(2, quieter(other, 8)), [heard(1, voices[0])]) == {}


def test_a_line_with_words_of_ones_own_is_no_copy(voices: list[Samples]) -> None:
    mixed = quieter(voices[0], 10)
    mixed[: 3 * SAMPLE_RATE // 2] += voices[1][: 3 * SAMPLE_RATE // 2]
    assert copies_among(heard(2, mixed), [heard(1, voices[0])]) == {}


def test_one_copy_of_two_lines_of_a_speaker(voices: list[Samples]) -> None:
    half = 2 * SAMPLE_RATE
    first = heard(1, voices[0][:half], stream_id="a")
    second = heard(2, voices[0][half:], 2_000, stream_id="a")
    copy = heard(3, quieter(voices[0], 10), stream_id="b")
    assert copies_among(copy, [first]) == {}
    assert set(copies_among(second, [first, copy])) == {3}


def test_a_copy_of_two_people_who_talk_at_once(voices: list[Samples]) -> None:
    lines = [heard(1, voices[0]), heard(2, voices[1])]
    both = heard(3, quieter(voices[0] + voices[1], 12))
    assert set(copies_among(both, lines)) == {3}


def test_what_is_too_short_or_silent_or_elsewhere_says_nothing(voices: list[Samples]) -> None:
    original = heard(1, voices[0])
    assert copies_among(heard(2, quieter(voices[0][:1_600], 10)), [original]) == {}
    assert copies_among(heard(2, np.zeros(SAMPLE_RATE, np.float32)), [original]) == {}
    assert copies_among(heard(2, np.zeros(0, np.float32)), [original]) == {}
    assert copies_among(heard(2, quieter(voices[0], 10), 8_000), [original]) == {}
    assert len(sound_of(bytes(2 * SAMPLE_RATE))) == 50 * BANDS
