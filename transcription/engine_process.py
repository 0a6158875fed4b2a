"""The parent's side of an engine's process: starts it, waits for it so long and no longer, replaces it when it dies."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from transcription.engines.base import EngineSettings, Window
from transcription.engines.child import LENGTH, Answer, Decoded, Loaded, OutOfMemory, Unavailable
from transcription.errors import EngineFailed, ModelUnavailable

logger = logging.getLogger(__name__)

LOAD_SECONDS = 1_800.0  # the first start may download a model
ALONE = {"OPENBLAS_NUM_THREADS": "1"}  # NumPy's threads turn over while they wait for work: half of a core for nothing


class EngineProcess:
    """One engine in one process; one `decode` at a time."""

    def __init__(self, name: str, settings: EngineSettings, hang_seconds: float) -> None:
        self._name = name
        self._settings = settings
        self._hang_seconds = hang_seconds
        self._process: asyncio.subprocess.Process | None = None
        self.loaded: Loaded | None = None

    async def start(self) -> None:
        """Raises ModelUnavailable, or EngineFailed when the process ends before the model is loaded."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "transcription.engines.child", self._name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **ALONE},
        )
        asked = self.loaded.settings if self.loaded else self._settings  # what did not fit once is not tried again
        answer = await self._ask(asked, LOAD_SECONDS)
        if isinstance(answer, Unavailable):
            await self.stop()
            raise ModelUnavailable(answer.message)
        assert isinstance(answer, Loaded)
        self.loaded = answer
        logger.info("engine ready: %s", answer.description)

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def decode(self, windows: Sequence[Window]) -> Decoded:
        """Raises EngineFailed, after which the engine needs `restart`."""
        answer = await self._ask(list(windows), self._hang_seconds)
        while isinstance(answer, OutOfMemory):
            logger.warning("out of memory with %s", self.loaded and self.loaded.description)
            answer = await self._receive(LOAD_SECONDS)
            assert isinstance(answer, Loaded)
            self.loaded = answer
            logger.warning("going on with less: %s, batches of %d", answer.description, answer.batch_size)
            answer = await self._receive(self._hang_seconds)
        assert isinstance(answer, Decoded)
        return answer

    @property
    def reduced(self) -> bool:
        """Whether it runs with less than it was told to use."""
        return self.loaded is not None and self.loaded.settings != self._settings

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def _ask(self, message: object, seconds: float) -> Answer:
        process = self._process
        if process is None or process.stdin is None:
            raise EngineFailed("the engine is not running")
        payload = msgspec.msgpack.encode(message)
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                process.stdin.write(LENGTH.pack(len(payload)) + payload)
                await process.stdin.drain()
        except TimeoutError as error:
            raise EngineFailed(f"nothing taken within {seconds:.0f} s") from error
        except ConnectionError as error:
            raise EngineFailed("the engine's process ended") from error
        return await self._receive(seconds - (time.monotonic() - started))

    async def _receive(self, seconds: float) -> Answer:
        process = self._process
        if process is None or process.stdout is None:
            raise EngineFailed("the engine is not running")
        try:
            async with asyncio.timeout(seconds):
                (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
                answer = await process.stdout.readexactly(length)
        except TimeoutError as error:
            raise EngineFailed(f"no answer within {seconds:.0f} s") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EngineFailed("the engine's process ended") from error
        decoded: Answer = msgspec.msgpack.decode(answer, type=Answer)
        return decoded
