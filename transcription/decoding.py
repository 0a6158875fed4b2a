"""A recording to 16 kHz mono PCM16, in a process of its own: `python -m transcription.decoding MAX_SECONDS < file`.

What people upload may be made to attack a decoder. So the child is given an open file and no path, FFmpeg may read
nothing but that file and only the formats of `FORMATS`, and memory, time and files are limited. It writes
the samples to its standard output, and exits with the status of one of `REASONS` where it can go no further.
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
MAX_DAMAGED = 200  # packets that cannot be decoded, before we give the rest up

REASONS = {
    "format": 65,  # no audio or video file of a format we read
    "silent": 66,  # a file without a sound track
    "length": 67,  # longer than allowed
    "damaged": 68,  # nothing in it can be decoded
}


class Refused(Exception):
    """The recording cannot be read; the text is one of REASONS."""


def main() -> int:
    max_seconds = float(sys.argv[1])
    _limit()
    try:
        _decode(max_seconds)
    except Refused as refusal:
        return REASONS[str(refusal)]
    return 0


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _decode(max_seconds: float) -> None:
    import av

    try:
        container = av.open(io.FileIO(0, closefd=False), "r", options=OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise Refused("format") from error
    if not container.streams.audio:
        raise Refused("silent")
    seconds = container.duration / 1_000_000 if container.duration else 0.0
    if seconds > max_seconds:
        raise Refused("length")
    written = 0
    for samples in _samples(container):
        written += len(samples)
        if written > max_seconds * SAMPLE_RATE:
            raise Refused("length")
        sys.stdout.buffer.write(samples.tobytes())
    if not written:
        raise Refused("damaged")


def _samples(container: "av.container.InputContainer") -> Iterator[np.ndarray[tuple[int], np.dtype[np.int16]]]:
    """What can be decoded of the first sound track; damaged packets are left out."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    damaged = 0
    packets = container.demux(container.streams.audio[0])
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
            for resampled in resampler.resample(frame):
                yield resampled.to_ndarray()[0]
    for resampled in resampler.resample(None):
        yield resampled.to_ndarray()[0]


if __name__ == "__main__":
    sys.exit(main())
