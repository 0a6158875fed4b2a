"""The engine's own process: reads batches of windows from stdin, writes hypotheses to stdout.

Run as `python -m transcription.engines.child NAME` with the settings as the first message. Messages are MessagePack
behind a four-byte length. It leaves when its parent does, even in the middle of a decode.
"""

import os
import queue
import struct
import sys
import threading
import time
from typing import BinaryIO

import msgspec

from transcription.engines.base import EngineSettings, Hypothesis, Window
from transcription.engines.economy import DoesNotFit, EconomicEngine, nothing_smaller
from transcription.engines.registry import ENGINES, load
from transcription.errors import ModelUnavailable

LENGTH = struct.Struct("<I")


class Loaded(msgspec.Struct, tag="loaded"):
    description: str
    batch_size: int
    lanes: int
    settings: EngineSettings  # those it was made with, or less where the memory did not suffice


class Unavailable(msgspec.Struct, tag="unavailable"):
    """The model is not to be had; the process ends."""

    message: str


class Decoded(msgspec.Struct, tag="decoded"):
    hypotheses: list[Hypothesis]
    decode_ms: int


class OutOfMemory(msgspec.Struct, tag="out_of_memory"):
    """The windows do not fit: `Loaded` follows, when an engine that needs less is there, then `Decoded`."""


Answer = Loaded | Unavailable | Decoded | OutOfMemory


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not break the protocol
    requests: queue.Queue[bytes] = queue.Queue(maxsize=4)
    threading.Thread(target=_receive, args=(sys.stdin.buffer, requests), name="receive", daemon=True).start()
    settings = msgspec.msgpack.decode(requests.get(), type=EngineSettings)
    entry = ENGINES[sys.argv[1]]
    engine = EconomicEngine(load(entry.engine), load(entry.smaller) if entry.smaller else nothing_smaller)
    try:
        engine.start(settings)
    except ModelUnavailable as error:
        return _send(answers, Unavailable(str(error)))
    _send(answers, _loaded(engine))
    while True:
        windows = msgspec.msgpack.decode(requests.get(), type=list[Window])
        started = time.perf_counter()
        hypotheses = _decode(engine, windows, answers)
        _send(answers, Decoded(hypotheses, round(1000 * (time.perf_counter() - started))))


def _decode(engine: EconomicEngine, windows: list[Window], answers: BinaryIO) -> list[Hypothesis]:
    while True:
        try:
            return engine.decode(windows)
        except DoesNotFit:
            _send(answers, OutOfMemory())
            engine.shrink()
            _send(answers, _loaded(engine))


def _loaded(engine: EconomicEngine) -> Loaded:
    return Loaded(engine.description, engine.batch_size, engine.lanes, engine.settings)


def _receive(stream: BinaryIO, requests: "queue.Queue[bytes]") -> None:
    while len(header := stream.read(LENGTH.size)) == LENGTH.size:
        requests.put(stream.read(LENGTH.unpack(header)[0]))
    os._exit(0)


def _send(stream: BinaryIO, answer: Answer) -> None:
    payload = msgspec.msgpack.encode(answer)
    stream.write(LENGTH.pack(len(payload)) + payload)
    stream.flush()


if __name__ == "__main__":
    main()
