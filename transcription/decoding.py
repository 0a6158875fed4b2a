"""A recording to 16 kHz mono PCM16, in a process of its own: `python -m transcription.decoding SECONDS [VOICE] < file`.

What people upload may be made to attack a decoder. So the child is given an open file and no path, FFmpeg may read
nothing but that file and only the formats of `FORMATS`, and memory, time and files are limited. It writes
the samples to its standard output, of the first sound track, or of channel VOICE when the channels of all tracks are
counted through (`… voices` says how many there are). More than SECONDS is refused; where it can go no further, it exits
with the status of one of `REASONS`, or with CUT_SHORT where damage left only what comes before it.
"""

import io
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import av
    import av.container

SAMPLE_RATE = 16_000
FORMATS = "wav,w64,mp3,flac,ogg,matroska,webm,mov,mp4,m4a,aac"
OPTIONS = {"protocol_whitelist": "pipe", "format_whitelist": FORMATS}
MEMORY_BYTES = 2_000_000_000  # of addresses; what is used is far less
CPU_SECONDS = 3_600
VOICES = "voices"
MAX_VOICES = 16
MAX_DAMAGED = 2_000  # packets in a row that cannot be decoded, before we give the rest up
JITTER = SAMPLE_RATE // 10  # samples by which a clock may be ahead of them
BACK = SAMPLE_RATE  # …or behind
LONGEST_PAUSE = 3_600 * SAMPLE_RATE

REASONS = {
    "format": 65,  # no audio or video file of a format we read
    "silent": 66,  # a file without a sound track
    "length": 67,  # longer than allowed
    "damaged": 68,  # nothing in it can be decoded
    "voices": 69,  # more channels than people can be told apart by
}
CUT_SHORT = 70


Samples = np.ndarray[tuple[int], np.dtype[np.int16]]


class Refused(Exception):
    """The recording cannot be read; the text is one of REASONS."""


class CutShort(Exception):
    """Nothing more can be read; what comes before is good."""


def main() -> int:
    _limit()
    try:
        if sys.argv[1] == VOICES:
            print(len(_voices(_open())))
        else:
            _decode(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
    except Refused as refusal:
        return REASONS[str(refusal)]
    except CutShort:
        return CUT_SHORT
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
    track, channel = (0, None) if voice is None else _voices(container)[voice]
    written = 0
    try:
        for samples in _in_time(container, _frames(container, track), _Ear(channel)):
            written += len(samples)
            if written > max_seconds * SAMPLE_RATE:
                raise Refused("length")
            sys.stdout.buffer.write(samples.tobytes())
    except CutShort:
        if written:
            raise
    if not written:
        raise Refused("damaged")


def _in_time(
    container: "av.container.InputContainer", frames: Iterable["av.AudioFrame"], ear: "_Ear"
) -> Iterator[Samples]:
    """What the ear hears, each where its clock says: silence stands for what is missing before it.

    A clock that goes back, or forward by more than anybody pauses, was set anew and counts on from here.
    """
    origin, written = (container.start_time or 0) / 1_000_000, 0
    for frame in frames:
        if (time := frame.time) is not None:
            missing = round((time - origin) * SAMPLE_RATE) - written
            if not -BACK <= missing <= LONGEST_PAUSE:
                origin, missing = time - written / SAMPLE_RATE, 0
            if missing > JITTER:
                yield from _silence(missing)
                written += missing
        for samples in ear.hear(frame):
            yield samples
            written += len(samples)
    yield from ear.rest()


def _silence(count: int) -> Iterator[Samples]:
    for at in range(0, count, SAMPLE_RATE):
        yield np.zeros(min(SAMPLE_RATE, count - at), np.int16)


def _frames(container: "av.container.InputContainer", track: int) -> Iterator["av.AudioFrame"]:
    """What can be decoded of a sound track; damaged packets are left out. Raises CutShort where too many follow."""
    import av

    sound, damaged = container.streams.audio[track], 0
    packets = container.demux(sound)
    while damaged < MAX_DAMAGED:
        packet = None
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            return
        except av.FFmpegError:
            damaged += 1
            if packet is None:  # a generator that raised is over
                packets = container.demux(sound)
            continue
        damaged = 0 if frames else damaged
        yield from frames
    raise CutShort


class _Ear:
    """Frames, whose format may change on the way, as 16 kHz: one channel, or the mean of all.

    Packed samples: PyAV looks for planes beyond the eighth where there are none.
    """

    def __init__(self, channel: int | None) -> None:
        self._channel = channel
        self._format: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None

    def hear(self, frame: "av.AudioFrame") -> Iterator[Samples]:
        import av

        spoken = (frame.format.name, frame.layout.name, frame.sample_rate)
        if spoken != self._format:
            yield from self.rest()
            self._format, self._resampler = spoken, av.AudioResampler("s16", frame.layout, SAMPLE_RATE)
        frame.pts = None  # its time is known
        yield from self._resampled(frame)

    def rest(self) -> Iterator[Samples]:
        """What the resampler still holds."""
        yield from self._resampled(None)

    def _resampled(self, frame: "av.AudioFrame | None") -> Iterator[Samples]:
        for heard in self._resampler.resample(frame) if self._resampler else []:
            channels = heard.layout.nb_channels
            samples = np.frombuffer(bytes(heard.planes[0]), np.int16, heard.samples * channels)
            yield self._voice(samples.reshape(-1, channels))

    def _voice(self, samples: np.ndarray[tuple[int, int], np.dtype[np.int16]]) -> Samples:
        """Of (samples, channels); a channel that is not there any more is silent."""
        if self._channel is None:
            mixed: Samples = samples.mean(axis=1, dtype=np.float32).astype(np.int16)
            return mixed
        if self._channel >= samples.shape[1]:
            return np.zeros(len(samples), np.int16)
        return samples[:, self._channel]


if __name__ == "__main__":
    sys.exit(main())
