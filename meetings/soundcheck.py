"""The lobby's test sentence: a few seconds of speech go through the real recogniser and come back as text.

Its audio takes the way of every microphone, over the bus to whichever transcriber is free; what is heard waits in Redis
for a minute for the page that asked. Nothing of it is stored.
"""

import time
import uuid
from dataclasses import dataclass
from uuid import UUID

from meetings.protocol.frames import SAMPLE_RATES
from meetings.redis import audio_bus, redis_client
from transcription.bus import NewFrame
from transcription.streams import StreamInfo

MIN_SECONDS = 0.5
MAX_SECONDS = 8.0
KEPT_SECONDS = 60
EACH_MINUTE = 6  # of one address
ALL_EACH_MINUTE = 30  # of one meeting: its people come at about the same time


class SoundRefused(Exception):
    """`code` is stable and for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Heard:
    """What the recogniser heard so far."""

    text: str
    done: bool


async def begin(
    meeting_id: UUID, address: str, pcm: bytes, sample_rate: int, *, language: str, preferred: tuple[str, ...]
) -> UUID:
    """Put PCM16 on the bus; returns the key of what will be heard. Raises SoundRefused, RedisError, BusUnavailable."""
    _check(pcm, sample_rate)
    await _count(meeting_id, address)
    check = uuid.uuid4()
    info = StreamInfo(
        str(check), "", "", sample_rate=sample_rate, language=language, preferred_languages=preferred, check=True
    )
    writer = check.hex
    await audio_bus().register(info, writer, 0)
    frame = 2 * sample_rate // 10
    frames = [NewFrame(at // 2, pcm[at : at + frame], 0) for at in range(0, len(pcm), frame)]
    await audio_bus().append_all(info.stream_id, writer, frames)
    await audio_bus().pause(info.stream_id, writer)
    return check


def _check(pcm: bytes, sample_rate: int) -> None:
    if sample_rate not in SAMPLE_RATES:
        raise SoundRefused("sample_rate", f"the sample rate must be one of {', '.join(map(str, SAMPLE_RATES))}")
    if len(pcm) % 2:
        raise SoundRefused("half_a_sample", "the sound must hold whole 16-bit samples")
    if not MIN_SECONDS <= len(pcm) / 2 / sample_rate <= MAX_SECONDS:
        raise SoundRefused("length", f"the sound must last between {MIN_SECONDS} and {MAX_SECONDS} seconds")


async def _count(meeting_id: UUID, address: str) -> None:
    window = int(time.time()) // 60
    limits = {f"soundcheck:{meeting_id}:{address}:{window}": EACH_MINUTE}
    limits |= {f"soundcheck:{meeting_id}:{window}": ALL_EACH_MINUTE}
    for key, limit in limits.items():
        async with redis_client().pipeline() as steps:
            steps.incr(key)
            steps.expire(key, 120)
            used, _ = await steps.execute()
        if used > limit:
            raise SoundRefused("too_many_checks", "that was tried often; wait a minute")


async def heard(check: UUID) -> Heard:
    """Raises RedisError."""
    texts, done = (
        await redis_client().lrange(heard_key(check), 0, -1),
        await redis_client().get(f"{heard_key(check)}:done"),
    )
    return Heard(" ".join(text.decode() for text in texts), done is not None)


def heard_key(check: UUID | str) -> str:
    """Where Redis holds what was heard of a test; with ":done" after it, that all was."""
    return f"soundcheck:heard:{check}"
