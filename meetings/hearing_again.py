"""Runs a second pass: the kept audio of each stream goes to a process that decodes it whole, its words to the lines."""

import asyncio
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np
from asgiref.sync import async_to_sync
from django.conf import settings
from numpy.typing import NDArray

from meetings.database import in_database
from meetings.models import AudioStream
from meetings.services import kept_audio, second_pass
from meetings.services.captions import to_ms
from meetings.services.vocabulary import vocabulary_of
from meetings.words import TimedWord
from transcription import offline
from transcription.captions import SAMPLE_RATE
from transcription.offline import Heard, HeardWord, OfflineSettings
from transcription.vocabulary import near

LONGEST = 10 * 60 * SAMPLE_RATE  # decoded in one go; 19 MB
SEAM = 20 * SAMPLE_RATE  # before it the quietest moment is looked for, to cut there
QUIET = SAMPLE_RATE // 2
APART = 5 * SAMPLE_RATE  # what is further apart is heard without the other
LONGEST_LINE = 1 << 22  # bytes of an answer
ALIVE_SECONDS = 10
SILENT_SECONDS = 900  # without an answer: it hangs
Samples = NDArray[np.int16]


class ListenerFailed(Exception):
    """The process ended, hangs, or has no model; the text says which."""


class Gone(Exception):
    """The job was deleted with its meeting."""


def model_name() -> str:
    """The model of second passes; "" where the live engine is a server and none is named."""
    environment = settings.ENVIRONMENT
    return environment.second_pass_model or ("" if environment.engine == "openai" else environment.model)


def run(job_id: int) -> bool:
    """Take the job, if it is free, through to its end; False when it was not. Safe to be killed anywhere."""
    job = second_pass.take(job_id)
    if job is None:
        return False
    try:
        async_to_sync(_run)(job_id, second_pass.streams_of(job.meeting), job.model)
    except ListenerFailed as failure:
        second_pass.fail(job_id, str(failure))
    except kept_audio.KeptAudioMissing:
        second_pass.fail(job_id, "A part of the kept audio cannot be read.")
    except Gone:
        return True
    else:
        second_pass.finish(job_id)
    return True


async def _run(job_id: int, streams: list[AudioStream], model: str) -> None:
    done = 0
    async with _listener(model) as child:
        for stream in streams:
            words: list[TimedWord] = []
            spoken, pending = Counter[str](), stretches(stream)
            while (stretch := await in_database(next, pending, None)) is not None:
                async for heard in _hear(child, stretch, stream, partial(_note, job_id, done)):
                    words += [_timed(word, stretch, stream) for word in heard.words]
                    spoken[heard.language] += len(heard.words)
                done += len(stretch.samples)
            await in_database(second_pass.suggest, job_id, stream, words, stream.language or _most(spoken))


def _most(counted: "Counter[str]") -> str:
    return max(counted, key=counted.__getitem__, default="")


async def _note(job_id: int, done: int, until: int) -> None:
    if not await in_database(second_pass.note_progress, job_id, (done + until) * 1_000 // SAMPLE_RATE):
        raise Gone


def _timed(word: HeardWord, stretch: "Stretch", stream: AudioStream) -> TimedWord:
    start, end = (to_ms(stream, stretch.first_sample + sample) for sample in (word.start_sample, word.end_sample))
    return TimedWord(text=word.text, start_ms=start, end_ms=end, confidence=word.confidence)


# ── The audio ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Stretch:
    """Audio that is decoded in one go, at 16 kHz."""

    first_sample: int
    samples: Samples


def stretches(stream: AudioStream) -> Iterator[Stretch]:
    """The kept audio of a stream, cut where little or nothing is said; short silence between is filled with zeros."""
    start, parts, length = 0, list[Samples](), 0
    for first, samples in kept_audio.read(stream):
        gap = first - start - length if parts else 0
        if gap > APART:
            yield Stretch(start, np.concatenate(parts))
            parts, length, gap = [], 0, 0
        if not parts:
            start = first
        parts += [np.zeros(gap, np.int16), samples]
        length += gap + len(samples)
        if length >= LONGEST:
            whole = np.concatenate(parts)
            cut = quietest(whole)
            yield Stretch(start, whole[:cut])
            start, parts, length = start + cut, [whole[cut:]], length - cut
    if length:
        yield Stretch(start, np.concatenate(parts))


def quietest(samples: Samples) -> int:
    """The middle of the quietest half second near the end."""
    tail = samples[-SEAM:].astype(np.float32) ** 2
    energy = tail[: len(tail) // QUIET * QUIET].reshape(-1, QUIET).sum(axis=1)
    return len(samples) - len(tail) + int(energy.argmin()) * QUIET + QUIET // 2


# ── The process that decodes it ─────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _listener(model: str) -> AsyncIterator[Process]:
    environment = settings.ENVIRONMENT
    engine = "scripted" if environment.engine == "scripted" else "whisper"
    told = OfflineSettings(engine, model, environment.device, environment.compute_type, environment.decode_threads)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "transcription.engines.offline",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=settings.BASE_DIR, limit=LONGEST_LINE,
    )  # fmt: skip
    assert child.stdin is not None
    child.stdin.write(msgspec.json.encode(told) + b"\n")
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def _known(stretch: Stretch, stream: AudioStream) -> tuple[str, tuple[str, ...]]:
    """By the lines that are there: the language of most of the stretch, which they tell better than its beginning, and
    what may be said of what the meeting listens for."""
    end = stretch.first_sample + len(stretch.samples)
    lines = list(stream.segments.filter(start_sample__lt=end, end_sample__gt=stretch.first_sample))
    spoken = Counter[str]()
    for line in lines:
        spoken[line.language] += line.end_sample - line.start_sample
    terms = near(" ".join(line.text for line in lines).split(), vocabulary_of(stream.participant))
    return stream.language or _most(spoken), terms


async def _hear(
    child: Process, stretch: Stretch, stream: AudioStream, note: Callable[[int], Awaitable[None]]
) -> AsyncIterator[Heard]:
    """What is understood of a stretch, part by part; `note` is told how far it is. Raises ListenerFailed."""
    assert child.stdin is not None
    pcm = stretch.samples.astype("<i2").tobytes()
    language, terms = await in_database(_known, stretch, stream)
    request = offline.Stretch(len(pcm), language, terms)
    with suppress(ConnectionError):  # then its last words are still to be read
        child.stdin.writelines([msgspec.json.encode(request) + b"\n", pcm])
        await child.stdin.drain()
    until = 0
    while not (heard := await _answer(child, partial(note, until))).done:
        until = heard.until_sample
        yield heard
    await note(len(stretch.samples))


async def _answer(child: Process, alive: Callable[[], Awaitable[None]]) -> Heard:
    assert child.stdout is not None
    reading = asyncio.create_task(child.stdout.readline(), name="listen")
    for _ in range(SILENT_SECONDS // ALIVE_SECONDS):
        finished, _ = await asyncio.wait([reading], timeout=ALIVE_SECONDS)
        await alive()
        if not finished:
            continue
        if not reading.result():
            raise ListenerFailed("The recogniser ended in the middle of the work.")
        heard = msgspec.json.decode(reading.result(), type=Heard)
        if heard.problem:
            raise ListenerFailed(heard.problem)
        return heard
    reading.cancel()
    raise ListenerFailed("The recogniser did not answer any more.")
