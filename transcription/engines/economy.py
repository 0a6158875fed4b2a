"""What an engine gives up when memory runs out: half of its batch, then precision, then the model's size or the GPU."""

import gc
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import ctranslate2

from transcription.engines.base import Engine, EngineSettings, Hypothesis, Window
from transcription.errors import ModelUnavailable

logger = logging.getLogger(__name__)

# CTranslate2, cuBLAS and the C++ library say it in these words.
SAID = ("out of memory", "alloc_failed", "bad_alloc", "failed to allocate", "cannot allocate memory")
SMALL = {"tiny", "tiny.en", "base", "base.en"}

Smaller = Callable[[EngineSettings], EngineSettings | None]


class DoesNotFit(Exception):
    """One window alone needs more memory than there is."""


def is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in SAID)


def smaller_whisper(settings: EngineSettings) -> EngineSettings | None:
    """On a GPU int8 takes half of float16; a small model there is faster and better than any on the CPU."""
    on_cpu = settings.device == "cpu" or (settings.device == "auto" and not ctranslate2.get_cuda_device_count())
    if not on_cpu and settings.compute_type != "int8_float16":
        return replace(settings, device="cuda", compute_type="int8_float16")
    english = ".en" if settings.model.endswith(".en") else ""
    if settings.model not in SMALL:
        return replace(settings, model=f"base{english}")
    if not on_cpu:
        return replace(settings, device="cpu", compute_type="int8")
    return replace(settings, model=f"tiny{english}") if settings.model.startswith("base") else None


def nothing_smaller(settings: EngineSettings) -> EngineSettings | None:
    return None


class EconomicEngine:
    """An engine that is made again with less where there is too little memory for it."""

    settings: EngineSettings  # those in use

    def __init__(self, make: Callable[[EngineSettings], Engine], smaller: Smaller) -> None:
        self._make = make
        self._smaller = smaller
        self._engine: Engine | None = None
        self.batch_size = self.lanes = 1

    @property
    def description(self) -> str:
        return self._engine.description if self._engine else ""

    def start(self, settings: EngineSettings) -> None:
        """Load and warm up, with less where that does not fit; raises ModelUnavailable."""
        self.settings = settings
        try:
            self._load()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            logger.warning("out of memory while loading %s: %s", settings.model, error)
            self.shrink()

    def shrink(self) -> None:
        """Go on with the next smaller engine that can be had; raises ModelUnavailable when there is none."""
        while smaller := self._smaller(self.settings):
            self.settings = smaller
            try:
                return self._load()
            except ModelUnavailable as error:
                logger.warning("not to be had, something smaller is tried: %s", error)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
        raise ModelUnavailable("there is too little memory for any model: free some, or set MODEL to a smaller one")

    def _load(self) -> None:
        self._engine = None
        gc.collect()  # the model is freed before the next is loaded
        engine = self._make(self.settings)
        engine.warm_up()
        self._engine, self.batch_size, self.lanes = engine, engine.batch_size, engine.lanes

    def decode(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """In halves of a batch that does not fit, and from then on; raises DoesNotFit."""
        assert self._engine is not None
        heard: list[Hypothesis] = []
        while len(heard) < len(windows):
            part = windows[len(heard) : len(heard) + self.batch_size]
            try:
                heard += self._engine.decode(part)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(part) == 1:
                    raise DoesNotFit from error
                self.batch_size = len(part) // 2
                logger.warning("out of memory: batches of %d from now on", self.batch_size)
        return heard
