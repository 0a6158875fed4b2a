"""Binary audio frames: a header of 16 bytes, then PCM16 little-endian mono."""

import struct
from dataclasses import dataclass

from meetings.protocol.refusals import ProtocolError

MAX_FRAME_BYTES = 64 * 1024
MAX_SAMPLE = 2**48  # some 500 years; above it a number is nonsense
SAMPLE_RATES = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


FRAME_VERSION = 1
FRAME_HEADER = struct.Struct("<BBHIQ")  # version, flags (0), reserved (0), age_ms, first_sample: 16 bytes


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """PCM16 little-endian mono at the stream's rate; `age_ms` is how long the page had it before sending."""

    first_sample: int
    age_ms: int
    pcm: bytes
    captured_ms: float = 0.0  # of the last sample, on the servers' clock; not on the wire: known on arrival

    @property
    def sample_count(self) -> int:
        return len(self.pcm) // 2


def encode_frame(frame: AudioFrame) -> bytes:
    return FRAME_HEADER.pack(FRAME_VERSION, 0, 0, frame.age_ms, frame.first_sample) + frame.pcm


def decode_frame(data: bytes) -> AudioFrame:
    """Parse a binary message; raises ProtocolError with what is wrong with it."""
    if len(data) > MAX_FRAME_BYTES:
        raise ProtocolError("frame_too_large", f"a frame may have {MAX_FRAME_BYTES} bytes, this one has {len(data)}")
    if len(data) <= FRAME_HEADER.size:
        raise ProtocolError("frame_too_short", "a frame is a 16-byte header and at least one sample")
    version, flags, reserved, age_ms, first_sample = FRAME_HEADER.unpack_from(data)
    if version != FRAME_VERSION or flags or reserved:
        raise ProtocolError("frame_version", f"frame version {version} with flags {flags} is not known here")
    if len(data) % 2:
        raise ProtocolError("frame_odd_length", "16-bit samples need an even number of bytes")
    if first_sample > MAX_SAMPLE:
        raise ProtocolError("frame_out_of_range", f"sample {first_sample} is beyond any stream")
    return AudioFrame(first_sample, age_ms, data[FRAME_HEADER.size :])
