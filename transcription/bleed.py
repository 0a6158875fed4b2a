"""The same voice in two microphones: which of two captions is only a quieter copy of the other, by their sound.

Each final carries the loudness of its audio in a few bands, 50 times a second. Where one microphone hears a voice that
is meant for another, its loudness follows the other's, band by band, at a distance that stays the same. Two people who
say the same at the same time do not sound alike that closely. Text is not compared: it is wrong in quiet copies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FRAME = 320  # samples at 16 kHz: 20 ms
FRAME_MS = 20
_WINDOW = 512
_EDGES_HZ = (120, 350, 700, 1_200, 2_000, 3_200, 5_500)
BANDS = len(_EDGES_HZ) - 1
_FLOOR_DB = -110.0  # of full scale; as a byte: 0
_STEP_DB = 0.5
MAX_SECONDS = 60  # of one final

MAX_LAG_MS = 600  # two pages' clocks, and the way of the sound
_VOICED_DB = 18.0  # below the loud frames of an utterance: still voice, not the room
_NEAR_DB = 6.0  # how far a frame's distance may be from the usual one
_MIN_FRAMES = 12  # fewer voiced frames tell nothing
MIN_LOUDER_DB = 3.0
MIN_EXPLAINED = 0.72  # of the voiced frames
MAX_OWN_MS = 220
MIN_LIKENESS = 0.72  # correlation over all bands

Bands = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sounding:
    """A final's sound and its place in the meeting."""

    start_ms: int
    sound: bytes


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a caption compares with what another microphone heard at that time, at the lag that fits best."""

    correlation: float
    explained: float  # share of its voiced frames that are as much quieter as usual
    louder_db: float  # the other one
    own_ms: int  # the longest stretch in which it is louder than a copy would be: somebody's own words

    @property
    def is_copy(self) -> bool:
        alike = self.correlation >= MIN_LIKENESS and self.explained >= MIN_EXPLAINED
        return alike and self.louder_db >= MIN_LOUDER_DB and self.own_ms < MAX_OWN_MS


NOTHING_ALIKE = Likeness(0.0, 0.0, 0.0, 0)


def sound_of(pcm: bytes) -> bytes:
    """Loudness of PCM16 at 16 kHz: BANDS bytes for each 20 ms, in half decibels above -110 dB of full scale."""
    samples = np.frombuffer(pcm, "<i2")[: MAX_SECONDS * 16_000].astype(np.float32) / 32_768
    count = len(samples) // FRAME
    if count == 0:
        return b""
    padded = np.concatenate([samples, np.zeros(_WINDOW, np.float32)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: count * FRAME : FRAME]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), axis=1)) ** 2 / (_WINDOW / 2) ** 2
    edges = [round(edge * _WINDOW / 16_000) for edge in _EDGES_HZ]
    bands = np.stack([power[:, low:high].sum(axis=1) for low, high in pairwise(edges)], axis=1)
    decibels = 10 * np.log10(bands + 1e-12)
    return bytes(np.clip((decibels - _FLOOR_DB) / _STEP_DB, 0, 255).astype(np.uint8).tobytes())


def likeness(caption: Sounding, microphones: Sequence[Sequence[Sounding]]) -> Likeness:
    """Compare a caption with the captions of each other microphone, and with all of them together."""
    if len(caption.sound) < _MIN_FRAMES * BANDS:
        return NOTHING_ALIKE
    heard = _steady(_bands(caption.sound))
    voiced = _voiced(heard)
    if voiced.sum() < _MIN_FRAMES:
        return NOTHING_ALIKE
    aligned = [_aligned(heard, voiced, captions, caption.start_ms) for captions in microphones]
    if len(aligned) > 1:
        power = np.sum([10 ** (other / 10) for other in aligned], axis=0)
        aligned.append((10 * np.log10(power)).astype(np.float32))
    found = [_compare(heard[voiced], other[voiced]) for other in aligned]
    return max(found, key=lambda like: (like.is_copy, like.correlation), default=NOTHING_ALIKE)


def _aligned(heard: Bands, voiced: NDArray[np.bool_], captions: Sequence[Sounding], start_ms: int) -> Bands:
    """What another microphone heard at the time of a caption, at the lag at which they are most alike."""
    reach = MAX_LAG_MS // FRAME_MS
    around = _steady(_timeline(captions, start_ms - MAX_LAG_MS, len(heard) + 2 * reach))
    shifted = np.lib.stride_tricks.sliding_window_view(around, len(heard), axis=0)[..., voiced]  # lags × bands × frames
    lag = int(np.argmax(_correlations(heard[voiced].T, shifted)))
    return around[lag : lag + len(heard)]


def _steady(bands: Bands) -> Bands:
    """Over three frames: what a room adds to a voice is spread over a few hundredths of a second."""
    power = np.pad(10 ** (bands / 10), ((1, 1), (0, 0)), "edge")
    steady: Bands = (10 * np.log10((power[:-2] + power[1:-1] + power[2:]) / 3)).astype(np.float32)
    return steady


def _bands(sound: bytes) -> Bands:
    levels = np.frombuffer(sound, np.uint8).reshape(-1, BANDS)
    return (levels * np.float32(_STEP_DB) + np.float32(_FLOOR_DB)).astype(np.float32)


def _voiced(heard: Bands) -> NDArray[np.bool_]:
    loudness = _loudness(heard)
    return loudness > np.percentile(loudness, 95) - _VOICED_DB if len(loudness) else np.zeros(0, np.bool_)


def _loudness(bands: Bands) -> Bands:
    """Of all bands together, in dB."""
    total: Bands = (10 * np.log10((10 ** (bands / 10)).sum(axis=1))).astype(np.float32)
    return total


def _timeline(captions: Sequence[Sounding], start_ms: int, frames: int) -> Bands:
    """What the other microphone heard from `start_ms` on: silence where it has no caption."""
    line = np.full((frames, BANDS), _FLOOR_DB, np.float32)
    for caption in captions:
        bands = _bands(caption.sound)
        at = round((caption.start_ms - start_ms) / FRAME_MS)
        first, last = max(0, at), min(frames, at + len(bands))
        if first < last:
            line[first:last] = bands[first - at : last - at]
    return line


def _compare(heard: Bands, other: Bands) -> Likeness:
    distance = _loudness(other) - _loudness(heard)
    usual = float(np.median(distance))
    explained = float(np.mean((np.abs(distance - usual) <= _NEAR_DB) & (distance > 0)))
    own = _longest_run(distance < usual - _NEAR_DB) * FRAME_MS
    (correlation,) = _correlations(heard.T, other.T[np.newaxis])
    return Likeness(float(correlation), explained, usual, own)


def _longest_run(marks: NDArray[np.bool_]) -> int:
    """How many follow each other at most."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _correlations(heard: Bands, others: Bands) -> Bands:
    """Of bands × frames with each of several, each band around its own mean: rooms and microphones colour a voice."""
    first = heard - heard.mean(axis=-1, keepdims=True)
    second = others - others.mean(axis=-1, keepdims=True)
    scale = np.sqrt((first**2).sum() * (second**2).sum(axis=(-2, -1)))
    product = (first * second).sum(axis=(-2, -1))
    correlations: Bands = np.divide(product, scale, out=np.zeros_like(scale), where=scale > 0)
    return correlations


@dataclass(frozen=True, slots=True)
class Heard:
    """A stored final as `copies_among` sees it."""

    key: int
    stream_id: str
    start_ms: int
    end_ms: int
    sound: bytes

    @property
    def sounding(self) -> Sounding:
        return Sounding(self.start_ms, self.sound)

    def overlap_ms(self, other: "Heard") -> int:
        return min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms)


def copies_among(newest: Heard, around: Sequence[Heard]) -> dict[int, int]:
    """The copies that a new final makes known, each with its original: itself, or captions of other microphones.

    `around` holds finals that are not known as copies, of the new one's microphone and of others.
    """
    near = [other for other in around if other.key != newest.key]
    others = [other for other in near if other.stream_id != newest.stream_id]
    if original := _original_of(newest, others):
        return {newest.key: original.key}
    own = [newest, *(other for other in near if other.stream_id == newest.stream_id)]
    found = {}
    for other in others:
        if other.overlap_ms(newest) > 0 and (original := _original_of(other, own)):
            found[other.key] = original.key
    return found


def _original_of(caption: Heard, others: Sequence[Heard]) -> Heard | None:
    """The caption it is a copy of: the one that most of it falls into."""
    near = [other for other in others if other.overlap_ms(caption) > -MAX_LAG_MS]
    streams = {other.stream_id for other in near}
    microphones = [[other.sounding for other in near if other.stream_id == stream] for stream in sorted(streams)]
    if not near or not likeness(caption.sounding, microphones).is_copy:
        return None
    return max(near, key=caption.overlap_ms)
