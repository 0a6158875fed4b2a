"""The audio bus: one bounded Redis stream per microphone, written by web processes and read by one transcriber.

An append is one atomic script: it drops what the stream already has, trims overlaps, refuses another writer's frames
and never takes more than `MAX_FRAMES` unread ones. A frame is acknowledged to the browser only after it is in here.
Positions are samples at the stream's own rate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError

from transcription.errors import BusFull, BusUnavailable, StreamSuperseded, StreamUnknown, TranscriptionError
from transcription.gathering import Gathered
from transcription.streams import StreamInfo

MAX_FRAMES = 6_000  # ten minutes of 100 ms frames
STATE_SECONDS = 24 * 3600  # how long a silent stream can be resumed
LIVE = "audio:live"  # sorted set of stream ids by the time of their last frame

_scripts = {
    name: files("transcription").joinpath("scripts", f"{name}.lua").read_text()
    for name in ("append", "register", "retire")
}


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: all before `next_sample` is in the bus."""

    next_sample: int
    duplicate: bool
    gap_samples: int


class NewFrame(NamedTuple):
    """Audio on its way into the bus: PCM16 LE mono at the stream's rate."""

    first_sample: int
    pcm: bytes
    age_ms: int = 0  # how old its last sample is
    keep: bool = False  # its audio may be kept beyond its transcription


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry as a transcriber reads it."""

    entry_id: bytes
    first_sample: int
    pcm: bytes
    age_ms: int  # how old its last sample was when it was appended
    appended_ms: int  # the bus's clock, ms since the epoch
    resumed: bool  # the jump before it is a deliberate pause, not a gap
    keep: bool = False  # its audio may be kept beyond its transcription

    @property
    def end_sample(self) -> int:
        return self.first_sample + len(self.pcm) // 2

    @property
    def captured_ms(self) -> int:
        """When its last sample was spoken, on the bus's clock."""
        return self.appended_ms - self.age_ms


@dataclass(frozen=True, slots=True)
class Pause:
    """The microphone was muted or left after `sample`."""

    entry_id: bytes
    sample: int


Entry = Frame | Pause


def _keys(stream_id: str) -> tuple[str, str]:
    return f"audio:{{{stream_id}}}:frames", f"audio:{{{stream_id}}}:state"


def _append_keys(stream_id: str) -> list[str]:
    return [*_keys(stream_id), LIVE]


_REFUSALS: dict[bytes, Callable[[], TranscriptionError]] = {
    b"superseded": lambda: StreamSuperseded("another connection writes this stream now"),
    b"unknown": lambda: StreamUnknown("the bus does not know this stream"),
    b"full": lambda: BusFull("the stream's backlog is at its bound"),
}


class AudioBus:
    """Raises BusUnavailable when Redis cannot be reached; every other error is named at its method."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # its types cannot tell that answers are bytes
        self._append = Gathered(redis, self._redis.register_script(_scripts["append"]))
        self._register = self._redis.register_script(_scripts["register"])
        self._retire = self._redis.register_script(_scripts["retire"])

    # ── Writing (web) ───────────────────────────────────────────────────────────────────────────────────────────────

    async def register(self, info: StreamInfo, writer: str, next_sample: int) -> int:
        """Make `writer` the only writer; returns where it goes on: the bus's own cursor, or `next_sample` if new."""
        _, state = _keys(info.stream_id)
        payload = msgspec.json.encode(info)
        with _redis_errors():
            return int(await self._register([state], [writer, next_sample, payload, STATE_SECONDS]))

    async def append(
        self, stream_id: str, writer: str, first_sample: int, pcm: bytes, age_ms: int = 0, *, keep: bool = False
    ) -> Appended:
        """Add a frame; raises BusFull, StreamSuperseded, StreamUnknown (register it again)."""
        (appended,) = await self.append_all(stream_id, writer, [NewFrame(first_sample, pcm, age_ms, keep)])
        return appended

    async def append_all(self, stream_id: str, writer: str, frames: Sequence[NewFrame]) -> Sequence[Appended]:
        """Add frames in one round trip.

        Raises what `append` does when not even the first was taken; otherwise those beyond the answers are not taken.
        """
        arguments: list[Any] = [MAX_FRAMES, stream_id, STATE_SECONDS]
        arguments += chain.from_iterable((*frame[:3], int(frame.keep)) for frame in frames)
        with _redis_errors():
            results = await self._append(_append_keys(stream_id), [writer, *arguments])
        refusal = _REFUSALS.get(results[0][0])
        if refusal is not None:
            raise refusal()
        return [
            Appended(int(cursor), status == b"duplicate", int(gap))
            for status, cursor, gap in results
            if status not in _REFUSALS
        ]

    async def pause(self, stream_id: str, writer: str) -> None:
        """Say that the microphone stopped on purpose: what was said becomes final, and no gap follows."""
        with _redis_errors():
            await self._append(_append_keys(stream_id), [writer, 0, stream_id, STATE_SECONDS, "pause"])

    # ── Reading (transcriber) ───────────────────────────────────────────────────────────────────────────────────────

    async def unowned(self) -> list[str]:
        """Streams with unread audio that nobody holds a lease on, oldest first."""
        with _redis_errors():
            live = [name.decode() for name in await self._redis.zrange(LIVE, 0, -1)]
            owners = await self._redis.mget([_lease(name) for name in live]) if live else []
        return [name for name, owner in zip(live, owners, strict=True) if owner is None]

    async def info(self, stream_id: str) -> StreamInfo | None:
        with _redis_errors():
            payload = await self._redis.hget(_keys(stream_id)[1], "info")
        return msgspec.json.decode(payload, type=StreamInfo) if payload else None

    async def read(self, cursors: Mapping[str, bytes], count: int, block_ms: int) -> dict[str, list[Entry]]:
        """Entries after each stream's cursor (b"0" for all), waiting up to `block_ms` for the first."""
        by_key = {_keys(name)[0].encode(): name for name in cursors}
        ids: Any = {key: cursors[name] for key, name in by_key.items()}
        with _redis_errors():
            answer = await self._redis.xread(ids, count=count, block=block_ms)
        found = answer.items() if isinstance(answer, dict) else answer or []
        return {by_key[key]: [_entry(*item) for item in _flat(items)] for key, items in found}

    async def trim(self, stream_id: str, through: bytes) -> None:
        """Drop the entries up to and including `through`: their audio is settled."""
        frames, _ = _keys(stream_id)
        head, _, tail = through.partition(b"-")
        with _redis_errors():
            await self._redis.xtrim(frames, minid=f"{head.decode()}-{int(tail or 0) + 1}", approximate=False)

    async def retire(self, stream_id: str, through: bytes) -> bool:
        """Take a stream whose audio up to `through` is done with off the live list; False when audio came meanwhile.

        Entries may be left of a trim that failed, or be back with a Redis that lost its last second.
        """
        frames, _ = _keys(stream_id)
        await self.trim(stream_id, through)
        with _redis_errors():
            return bool(await self._retire([frames, LIVE], [stream_id]))

    async def cursor(self, stream_id: str) -> int | None:
        """The end of all acknowledged audio of a stream; None when the bus does not know it any more."""
        with _redis_errors():
            found = await self._redis.hget(_keys(stream_id)[1], "next")
        return int(found) if found is not None else None

    async def discard(self, stream_id: str) -> None:
        """Forget a stream and its audio: its meeting was deleted."""
        with _redis_errors():
            await self._redis.delete(*_keys(stream_id))
            await self._redis.zrem(LIVE, stream_id)

    async def time_ms(self) -> float:
        """The bus's clock, that of `Frame.appended_ms`: ms since the epoch."""
        with _redis_errors():
            seconds, microseconds = await self._redis.time()
        return float(seconds * 1_000 + microseconds / 1_000)

    async def depth(self) -> dict[str, int]:
        """How many frames each live stream has in the bus."""
        with _redis_errors():
            live = [name.decode() for name in await self._redis.zrange(LIVE, 0, -1)]
            async with self._redis.pipeline(transaction=False) as questions:
                for name in live:
                    questions.xlen(_keys(name)[0])
                return dict(zip(live, await questions.execute(), strict=True))

    async def drained(self, stream_ids: Sequence[str]) -> bool:
        """Whether all audio of these streams is settled."""
        with _redis_errors():
            for name in stream_ids:
                if await self._redis.zscore(LIVE, name) is not None:
                    return False
        return True

    # ── Leases ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def acquire(self, stream_id: str, owner: str, lease_ms: int) -> bool:
        with _redis_errors():
            return bool(await self._redis.set(_lease(stream_id), owner, nx=True, px=lease_ms))

    async def renew(self, stream_id: str, owner: str, lease_ms: int) -> bool:
        """Prolong the lease, or take it again where nobody did meanwhile; False when it is another's."""
        with _redis_errors():
            holder = await self._redis.get(_lease(stream_id))
            if holder is None:
                return await self.acquire(stream_id, owner, lease_ms)
            if holder != owner.encode():
                return False
            return bool(await self._redis.pexpire(_lease(stream_id), lease_ms))

    async def release(self, stream_id: str, owner: str) -> None:
        with _redis_errors():
            if await self._redis.get(_lease(stream_id)) == owner.encode():
                await self._redis.delete(_lease(stream_id))


def _lease(stream_id: str) -> str:
    return f"audio:{{{stream_id}}}:lease"


def _flat(items: Any) -> Any:
    """redis-py nests a stream's entries once more under RESP3."""
    return items[0] if items and isinstance(items[0], list) else items


def _entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    if b"p" in fields:
        return Pause(entry_id, int(fields[b"s"]))
    appended_ms = int(entry_id.partition(b"-")[0])
    resumed, keep = b"r" in fields, b"k" in fields
    return Frame(entry_id, int(fields[b"s"]), fields[b"d"], int(fields[b"a"]), appended_ms, resumed, keep)


@contextmanager
def _redis_errors() -> Iterator[None]:
    """Turns Redis's errors into this package's."""
    try:
        yield
    except OutOfMemoryError as error:
        raise BusFull("Redis is out of memory") from error
    except RedisError as error:
        raise BusUnavailable(f"Redis: {type(error).__name__}") from error
