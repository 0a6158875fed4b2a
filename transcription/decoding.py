"""A recording to 16 kHz mono PCM16, in a process of its own: `python -m transcription.decoding SECONDS [VOICE] < file`.

What people upload may be made to attack a decoder. So the child is given an open file and no path, FFmpeg may read
nothing but that file and only the formats of `FORMATS`, and memory, time and files are limited. It writes
the samples to its standard output, of the first sound track, or of channel VOICE when the channels of all tracks are
counted through (`… voices` says how many there are). More than SECONDS is refused; where it can go no further, it exits
with the status of one of `REASONS`.
"""

import io
import resource
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import av.container

SAMPLE_RATE = 16_000
FORMATS = "wav,w64,mp3,flac,ogg,matroska,webm,mov,mp4,m4a,aac"
OPTIONS = {"protocol_whitelist": "pipe", "format_whitelist": FORMATS}
MEMORY_BYTES = 2_000_000_000  # of addresses; what is used is far less
CPU_SECONDS = 3_600
VOICES = "voices"
MAX_VOICES = 16
MAX_DAMAGED = 200  # packets that cannot be decoded, before we give the rest up

REASONS = {
    "format": 65,  # no audio or video file of a format we read
    "silent": 66,  # a file without a sound track
    "length": 67,  # longer than allowed
    "damaged": 68,  # nothing in it can be decoded
    "voices": 69,  # more channels than people can be told apart by
}


Samples = np.ndarray[tuple[int], np.dtype[np.int16]]


class Refused(Exception):
    """The recording cannot be read; the text is one of REASONS."""


def main() -> int:
    _limit()
    try:
        if sys.argv[1] == VOICES:
            print(len(_voices(_open())))
        else:
            _decode(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
    except Refused as refusal:
        return REASONS[str(refusal)]
    return 0


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _open() -> "av.container.InputContainer":
    import av

    try:
        container = av.open(io.FileIO(0, closefd=False), "r", options=OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise Refused("format") from error
    if not container.streams.audio:
        raise Refused("silent")
    return container


def _voices(container: "av.container.InputContainer") -> list[tuple[int, int]]:
    """(sound track, channel) of each, in order."""
    channels = [(at, number) for at, track in enumerate(container.streams.audio) for number in range(track.channels)]
    if len(channels) > MAX_VOICES:
        raise Refused("voices")
    return channels


def _decode(max_seconds: float, voice: int | None) -> None:
    container = _open()
    seconds = container.duration / 1_000_000 if container.duration else 0.0
    if seconds > max_seconds:
        raise Refused("length")
    written = 0
    for samples in _all_together(container) if voice is None else _one_channel(container, *_voices(container)[voice]):
        written += len(samples)
        if written > max_seconds * SAMPLE_RATE:
            raise Refused("length")
        sys.stdout.buffer.write(samples.tobytes())
    if not written:
        raise Refused("damaged")


def _all_together(container: "av.container.InputContainer") -> Iterator[Samples]:
    for frame in _resampled(container, 0, "mono"):
        yield frame.to_ndarray()[0]


def _one_channel(container: "av.container.InputContainer", track: int, channel: int) -> Iterator[Samples]:
    """Planar samples have a row a channel."""
    layout = container.streams.audio[track].layout.name
    for frame in _resampled(container, track, layout, "s16p"):
        yield frame.to_ndarray()[channel]


def _resampled(
    container: "av.container.InputContainer", track: int, layout: str, samples: str = "s16"
) -> Iterator["av.AudioFrame"]:
    """What can be decoded of a sound track; damaged packets are left out."""
    import av

    resampler = av.AudioResampler(format=samples, layout=layout, rate=SAMPLE_RATE)
    damaged = 0
    packets = container.demux(container.streams.audio[track])
    while damaged < MAX_DAMAGED:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            break
        except av.FFmpegError:
            damaged += 1
            continue
        for frame in frames:
            frame.pts = None  # their clock may jump; the samples follow each other
            yield from resampler.resample(frame)
    yield from resampler.resample(None)


if __name__ == "__main__":
    sys.exit(main())
