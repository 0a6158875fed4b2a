"""Every format that the page names is read, by its content; what has no sound or too much of it says so."""

import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.meetings.media import FORMATS, RATE, VIDEO, tone, write
from transcription.decoding import CUT_SHORT, REASONS, VOICES

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


@pytest.mark.parametrize("channels", [8, 9, 16])
def test_many_channels_are_voices_of_their_own_and_heard_together(tmp_path: Path, channels: int) -> None:
    path = write_wav(tmp_path / "desk", [tone(2.0, 300 * (1 + number)) for number in range(channels)])
    assert run(path, VOICES) == (0, b"%d\n" % channels)
    for voice in (0, channels - 1):
        assert pitch(decoded(path, str(voice))) == pytest.approx(300 * (1 + voice), abs=3)
    assert len(decoded(path)) == 32_000


def write_wav(path: Path, channels: list[NDArray[np.int16]]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, RATE, 0, "NONE", ""))
        file.writeframes(np.stack(channels, axis=1).tobytes())
    return path


def join(path: Path, *files: Path) -> Path:
    path.write_bytes(b"".join(file.read_bytes() for file in files))
    return path


@pytest.mark.parametrize(("channels", "rate"), [(2, 48_000), (1, 24_000), (2, 24_000)])
def test_rate_and_channels_may_change_in_the_middle(tmp_path: Path, channels: int, rate: int) -> None:
    first = write(tmp_path / "first", "mp3", [tone(2.0, 300)])
    second = write(tmp_path / "second", "mp3", [tone(2.0, 900)] * channels, rate=rate)
    joined = join(tmp_path / "joined", first, second)
    samples = decoded(joined)
    assert len(samples) / 16_000 == pytest.approx(4.0, abs=0.25)
    assert [pitch(samples), pitch(samples[36_000:])] == [pytest.approx(300, abs=3), pytest.approx(900, abs=3)]


def test_a_channel_that_ends_before_the_others_is_silent_from_there(tmp_path: Path) -> None:
    first = write(tmp_path / "first", "mp3", [tone(2.0, 300), tone(2.0, 900)])
    second = write(tmp_path / "second", "mp3", [tone(2.0, 600)])
    joined = join(tmp_path / "joined", first, second)
    left, right = decoded(joined, "0"), decoded(joined, "1")
    assert [pitch(left), pitch(left[36_000:])] == [pytest.approx(300, abs=3), pytest.approx(600, abs=3)]
    assert pitch(right) == pytest.approx(900, abs=3)
    assert len(right) == len(left)
    assert not right[36_000:].any()


def leaping(seconds: float) -> Callable[[float], float]:
    """A clock that goes on so much later after two seconds."""
    return lambda second: second + (seconds if second > 2 else 0)


@pytest.mark.parametrize("extension", ["webm", "mkv", "mp4"])
def test_a_pause_in_the_recording_is_silence_so_that_times_stay_the_videos(tmp_path: Path, extension: str) -> None:
    path = write(
        tmp_path / "film", extension, [tone(4.0, 440)], clock=lambda second: second + (30 if second > 2 else 0)
    )
    samples = decoded(path)
    assert len(samples) / 16_000 == pytest.approx(34.0, abs=0.15)
    assert not samples[3 * 16_000 : 31 * 16_000].any()
    assert pitch(samples[-20_000:]) == pytest.approx(440, abs=3)


def test_sound_that_begins_after_the_picture_keeps_its_time(tmp_path: Path) -> None:
    path = write(tmp_path / "film", "mkv", [tone(2.0, 440)], picture_seconds=7.0, clock=lambda second: second + 5)
    samples = decoded(path)
    assert len(samples) / 16_000 == pytest.approx(7.0, abs=0.15)
    assert not samples[: 16_000 * 49 // 10].any()


def test_a_clock_that_leaps_makes_no_pause(tmp_path: Path) -> None:
    path = write(tmp_path / "film", "mkv", [tone(4.0, 440)], clock=leaping(5_000))
    status, pcm = run(path, "14400")
    assert status == 0
    assert len(pcm) / 32_000 == pytest.approx(4.0, abs=0.15)


@pytest.mark.parametrize("extension", ["opus", "ogg"])
def test_a_clock_that_begins_anew_loses_nothing(tmp_path: Path, extension: str) -> None:
    first = write(tmp_path / "first", extension, [tone(4.0, 440)])
    second = write(
        tmp_path / "second", extension, [tone(6.0, 440)], clock=lambda second: second + (10 if second > 2 else 0)
    )
    joined = join(tmp_path / "joined", first, second)
    assert len(decoded(joined)) / 16_000 == pytest.approx(20.0, abs=0.15)


def test_damage_in_the_middle_is_silence_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "film", "mkv", [tone(12.0, 440)], damaged=lambda second: 2 < second < 8)
    samples = decoded(path)
    assert len(samples) / 16_000 == pytest.approx(12.0, abs=0.15)
    assert not samples[3 * 16_000 : 7 * 16_000].any()
    assert pitch(samples[-20_000:]) == pytest.approx(440, abs=3)


def test_damage_that_goes_on_leaves_what_comes_before_it_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "film", "mkv", [tone(50.0, 440)], damaged=lambda second: second > 2)
    status, pcm = run(path, "60")
    assert status == CUT_SHORT
    assert len(pcm) / 32_000 == pytest.approx(2.0, abs=0.15)


def test_nothing_but_damage_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "film", "webm", [tone(50.0, 440)], damaged=lambda second: True)
    assert run(path, "60") == (REASONS["damaged"], b"")


def test_audio_of_any_rate_becomes_16_khz_mono(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(2.0, 440)[: 2 * 44_100], 44_100)
    assert abs(len(decoded(tmp_path / "tone.wav")) - 32_000) < 100


def test_a_truncated_file_gives_what_is_there(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "tone.wav", [tone(2.0, 440)] * 2)
    path.write_bytes(path.read_bytes()[:200_000])
    assert len(decoded(path)) > 16_000


def test_too_long_a_recording_is_refused(tmp_path: Path) -> None:
    assert run(write_wav(tmp_path / "tone.wav", [tone(3.0, 440)]), "2")[0] == REASONS["length"]


CANARY = "the canary that nobody may read"


@pytest.mark.parametrize("extension", ["mp3", "wav", "mp4"])
@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://{canary}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {canary}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD><Period><AdaptationSet><BaseURL>file://{canary}</BaseURL></AdaptationSet></Period></MPD>',
        "%PDF-1.7 this is a document",
        "",
    ],
)
def test_files_that_lead_elsewhere_are_no_recordings(tmp_path: Path, content: str, extension: str) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(CANARY)
    hostile = tmp_path / f"hostile.{extension}"
    hostile.write_text(content.format(canary=canary))
    status, pcm = run(hostile, "60")
    assert status in {REASONS["format"], REASONS["damaged"], REASONS["silent"]}
    assert pcm == b""
