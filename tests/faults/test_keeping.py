"""Rows 29 and 40: audio that cannot be kept, and what is left of what was deleted."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import soundfile
from psycopg import sql

from tests.faults.figures import Figure, Figures, row, took
from tests.faults.site import Gathering, Site, aside, until
from transcription.engines.scripted import COUNTER_FRAME

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(240)]
CANARY = "kestrel-9431"


async def numbers_kept(gathering: Gathering) -> list[int]:
    """What the frames of the kept audio say, as other software reads it."""
    pieces: list[dict[str, Any]] = await gathering.ask("kept_audio")
    found: list[int] = []
    for piece in pieces:
        samples, _ = soundfile.read(gathering.site.folder / "kept" / piece["file"], dtype="int16")
        found += [int(frame) for frame in samples[1::COUNTER_FRAME] if frame]
    return found


@contextmanager
def nothing_stored_in(folder: Path) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    away = folder.rename(folder.with_name("away"))
    folder.write_text("no folder")
    yield
    folder.unlink()
    away.rename(folder)


@row(29, "a disk that takes no kept audio")
async def test_a_disk_that_takes_nothing_stops_no_caption_and_loses_no_kept_audio(
    gathering: Gathering, figures: Figures
) -> None:
    await gathering.ask("keep_audio")
    kept = gathering.unmute(gathering.tickets[1])
    with nothing_stored_in(gathering.site.folder / "kept"):
        await kept.speak(6.0)
        await kept.stop()
        await until(lambda: set(kept.said) <= set(gathering.room.words(kept.stream_id)))
        shown = await until(lambda: gathering.room.status.get("keeping") == "stuck")
    async with asyncio.timeout(30):
        while len(found := await numbers_kept(gathering)) < len(kept.said):
            await asyncio.sleep(0.2)
    count = await gathering.finish()
    false_acks = len(set(kept.said) - set(found))
    figures.add(count, Figure("shown after", shown, unit="s"), Figure("false acks", false_acks, 0),
                shown="recording paused")  # fmt: skip
    assert found == kept.said


@row(40, "audio that expired, a meeting that was deleted")
async def test_what_expired_or_was_deleted_is_nowhere_any_more(gathering: Gathering, figures: Figures) -> None:
    """Audio by its retention, then the whole meeting, with a word in it that is nowhere else."""
    site = gathering.site
    await gathering.ask("keep_audio")
    kept = gathering.unmute(gathering.tickets[1])
    await gathering.speak(4.0)
    count = await gathering.finish()
    while not (pieces := await gathering.ask("kept_audio")):
        await asyncio.sleep(0.2)
    audio = [site.folder / "kept" / piece["file"] for piece in pieces]
    assert all(path.exists() for path in audio)
    segment = gathering.room.finals[0]["segment_id"]
    await aside(lambda: site.backstage.ask("correct", segment=segment, text=f"{CANARY} said"))
    await gathering.ask("rename", name=f"{CANARY} meets")
    await aside(site.stack.start_worker)
    await gathering.ask("end_meeting")
    await until(lambda: gathering.room.ended, 60)
    assert await left(site, CANARY)
    assert await left(site, kept.stream_id)
    await gathering.ask("expire", days=2)
    audio_left = sum(path.exists() for path in audio)
    await gathering.ask("delete_meeting")
    deleted = time.monotonic()
    found = await left(site, CANARY)
    with suppress(TimeoutError):  # the last minute's measurements name streams
        async with asyncio.timeout(90):
            while traces := await left(site, kept.stream_id):
                await asyncio.sleep(1)
    remnants = [*found, *traces]
    figures.add(count, took(time.monotonic() - deleted), Figure("left", audio_left + len(remnants), 0),
                shown=remnants or "gone")  # fmt: skip


async def left(site: Site, needle: str) -> list[str]:
    """Where it is in any table, key or file of the product."""
    found: list[str] = await aside(lambda: [*in_tables(site, needle), *in_keys(site, needle), *in_files(site, needle)])
    return found


def in_tables(site: Site, needle: str) -> list[str]:
    with psycopg.connect(site.postgres.url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return [
            table
            for (table,) in tables
            if connection.execute(
                sql.SQL("SELECT 1 FROM {table} AS line WHERE line::text LIKE %s LIMIT 1").format(
                    table=sql.Identifier(table)
                ),
                [f"%{needle}%"],
            ).fetchone()
        ]


def in_keys(site: Site, needle: str) -> list[str]:
    client = redis.Redis.from_url(site.valkey.url)
    read: dict[bytes, Callable[[bytes], object]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": client.xrange,
    }
    keys: Iterator[bytes] = client.scan_iter()
    kinds = {key: client.type(key) for key in keys}
    held = {key: repr(read[kind](key)) for key, kind in kinds.items() if kind in read}  # one that expired has none
    return [repr(key) for key, value in held.items() if needle in repr(key) or needle in value]


def in_files(site: Site, needle: str) -> list[str]:
    """Postgres's own files and the logs are not the product's: row 41 reads the logs."""
    own = [path for path in site.folder.iterdir() if path.name not in {"postgres", "valkey"} and path.suffix != ".log"]
    every = [path for one in own for path in ([one] if one.is_file() else one.rglob("*")) if path.is_file()]
    return [str(path) for path in every if needle in str(path) or needle.encode() in path.read_bytes()]
