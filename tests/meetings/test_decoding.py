"""Every format that the page names is read, by its content; what has no sound or too much of it says so."""

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.meetings.media import FORMATS, VIDEO, tone, write
from transcription.decoding import REASONS, VOICES

ROOT = Path(__file__).parents[2]


def run(path: Path, *arguments: str) -> tuple[int, bytes]:
    command = [sys.executable, "-m", "transcription.decoding", *arguments]
    with path.open("rb") as file:
        done = subprocess.run(command, stdin=file, cwd=ROOT, env={}, capture_output=True, check=False)
    return done.returncode, done.stdout


def decoded(path: Path, *voice: str) -> NDArray[np.int16]:
    status, pcm = run(path, "60", *voice)
    assert status == 0
    return np.frombuffer(pcm, np.int16)


def pitch(samples: NDArray[np.int16]) -> float:
    """The loudest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples[2_000:18_000].astype(float)))
    return float(np.argmax(spectrum))  # a second of samples: one Hz a bin


@pytest.mark.parametrize("extension", FORMATS)
def test_every_format_is_read_whatever_it_is_called(tmp_path: Path, extension: str) -> None:
    samples = decoded(write(tmp_path / "recording.txt", extension, [tone(2.0, 440)]))
    assert len(samples) / 16_000 == pytest.approx(2.0, abs=0.15)
    assert pitch(samples) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("extension", VIDEO)
def test_the_sound_of_a_video_is_read(tmp_path: Path, extension: str) -> None:
    samples = decoded(write(tmp_path / "film", extension, [tone(2.0, 440)], picture_seconds=2.0))
    assert pitch(samples) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("extension", VIDEO)
def test_a_video_without_sound_says_so(tmp_path: Path, extension: str) -> None:
    assert run(write(tmp_path / "film", extension, picture_seconds=1.0), "60") == (REASONS["silent"], b"")


def test_a_second_is_enough_and_nothing_is_not(tmp_path: Path) -> None:
    assert len(decoded(write(tmp_path / "second", "wav", [tone(1.0, 440)]))) == 16_000
    with wave.open(str(tmp_path / "nothing"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
    assert run(tmp_path / "nothing", "60") == (REASONS["damaged"], b"")


def test_the_channels_of_a_stereo_file_are_voices_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "interview", "flac", [tone(2.0, 300), tone(2.0, 900)])
    assert run(path, VOICES) == (0, b"2\n")
    assert [pitch(decoded(path, voice)) for voice in ("0", "1")] == [
        pytest.approx(300, abs=3),
        pytest.approx(900, abs=3),
    ]


def test_so_are_the_tracks_of_a_multitrack_file(tmp_path: Path) -> None:
    path = write(tmp_path / "call", "mkv", [tone(2.0, 300)], [tone(2.0, 900)], [tone(2.0, 600), tone(2.0, 1_200)])
    assert run(path, VOICES) == (0, b"4\n")
    pitches = [pitch(decoded(path, str(voice))) for voice in range(4)]
    assert pitches == [pytest.approx(hertz, abs=3) for hertz in (300, 900, 600, 1_200)]


def test_more_channels_than_people_can_be_told_apart_by_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "choir", "mkv", *[[tone(0.1, 300), tone(0.1, 300)]] * 9)
    assert run(path, VOICES) == (REASONS["voices"], b"")
