"""Small media files of every kind, made where a test needs them."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 48_000
FORMATS = {  # extension → (container, sound)
    "wav": ("wav", "pcm_s16le"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "aac": ("adts", "aac"),
    "ogg": ("ogg", "flac"),
    "opus": ("ogg", "libopus"),
    "flac": ("flac", "flac"),
    "webm": ("webm", "libopus"),
    "mp4": ("mp4", "aac"),
    "mov": ("mov", "aac"),
    "mkv": ("matroska", "aac"),
}
VIDEO = {"webm": "libvpx", "mp4": "mpeg4", "mov": "mpeg4", "mkv": "mpeg4"}


def tone(seconds: float, hertz: float) -> NDArray[np.int16]:
    samples: NDArray[np.int16] = (np.sin(np.arange(int(seconds * RATE)) * (2 * np.pi * hertz / RATE)) * 12_000).astype(
        np.int16
    )
    return samples


def write(
    path: Path,
    extension: str,
    *tracks: Sequence[NDArray[np.int16]],
    picture_seconds: float = 0.0,
    rate: int = RATE,
    clock: Callable[[float], float] = lambda seconds: seconds,
    damaged: Callable[[float], bool] = lambda seconds: False,
) -> Path:
    """A file with a sound track for each of `tracks`, each of one or two channels; with a picture if it lasts.

    `clock` says what time stands at a second of the sound, `damaged` whether nonsense does.
    """
    container_format, sound = FORMATS[extension]
    with av.open(str(path), "w", format=container_format) as container:
        outputs = [_sound_track(container, sound, len(channels), rate) for channels in tracks]
        picture = _picture_track(container, VIDEO[extension]) if picture_seconds else None
        if picture is not None:
            _write_picture(container, picture, int(picture_seconds * 10))
        for output, channels in zip(outputs, tracks, strict=True):
            _write_sound(container, output, channels, clock, damaged)
    return path


def _sound_track(container: Any, codec: str, channels: int, rate: int) -> Any:
    track = container.add_stream(codec, rate=rate)
    track.codec_context.layout = "stereo" if channels == 2 else "mono"
    return track


def _picture_track(container: Any, codec: str) -> Any:
    track = container.add_stream(codec, rate=10)
    track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
    return track


def _write_picture(container: Any, track: Any, frames: int) -> None:
    for _ in range(frames):
        container.mux(track.encode(av.VideoFrame(64, 48, "yuv420p")))
    container.mux(track.encode(None))


def _write_sound(
    container: Any,
    track: Any,
    channels: Sequence[NDArray[np.int16]],
    clock: Callable[[float], float],
    damaged: Callable[[float], bool],
) -> None:
    layout = "stereo" if len(channels) == 2 else "mono"
    frame = av.AudioFrame.from_ndarray(np.stack(channels), format="s16p", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    context = track.codec_context
    if not context.is_open:
        context.open()
    resampler = av.AudioResampler(
        format=context.format, layout=layout, rate=track.rate, frame_size=context.frame_size or 1_024
    )
    for piece in [*resampler.resample(frame), *resampler.resample(None), None]:
        for packet in track.encode(piece):
            seconds = float(packet.pts * packet.time_base)
            late = round((clock(seconds) - seconds) / packet.time_base)
            packet.pts, packet.dts = packet.pts + late, packet.dts + late
            container.mux(_nonsense(packet) if damaged(seconds) else packet)


def _nonsense(packet: Any) -> Any:
    other = av.Packet(b"\xff" * 40)
    other.stream, other.time_base = packet.stream, packet.time_base
    other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
    return other
