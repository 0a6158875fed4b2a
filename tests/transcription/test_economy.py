"""What is given up, in which order, when memory runs out; errors are those that CTranslate2 raises."""

from collections.abc import Sequence

import ctranslate2
import pytest

from transcription.engines.base import EngineSettings, Hypothesis, Window
from transcription.engines.economy import DoesNotFit, EconomicEngine, is_out_of_memory, nothing_smaller, smaller_whisper
from transcription.errors import ModelUnavailable

GPU_FULL = RuntimeError("CUDA failed with error out of memory")


def ladder(settings: EngineSettings) -> list[tuple[str, str, str]]:
    steps = []
    while following := smaller_whisper(settings):
        steps.append((following.model, following.device, following.compute_type))
        settings = following
    return steps


def test_a_gpu_gives_up_precision_then_size_then_itself() -> None:
    assert ladder(EngineSettings("large-v3-turbo", "cuda", "float16")) == [
        ("large-v3-turbo", "cuda", "int8_float16"),
        ("base", "cuda", "int8_float16"),
        ("base", "cpu", "int8"),
        ("tiny", "cpu", "int8"),
    ]


def test_a_cpu_gives_up_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    assert ladder(EngineSettings("small.en")) == [("base.en", "auto", "auto"), ("tiny.en", "auto", "auto")]
    assert ladder(EngineSettings("tiny.en", "cpu")) == []


@pytest.mark.parametrize(
    "error",
    [GPU_FULL, RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"), MemoryError("std::bad_alloc")],
)
def test_what_out_of_memory_looks_like(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("CUDA failed with error unspecified launch failure"))


class Demanding:
    """Takes a batch of `fits` windows; does not even load in less than int8."""

    fits = 3
    batch_size = 8
    lanes = 1

    def __init__(self, settings: EngineSettings) -> None:
        if settings.compute_type == "float16":
            raise GPU_FULL
        if settings.model == "base":
            raise ModelUnavailable("no network")
        self.description = f"{settings.model} {settings.device} {settings.compute_type}"

    def warm_up(self) -> None: ...

    def decode(self, windows: Sequence[Window]) -> list[Hypothesis]:
        if len(windows) > self.fits:
            raise GPU_FULL
        return [Hypothesis((), str(window.samples)) for window in windows]


def windows(count: int) -> list[Window]:
    return [Window(bytes(2 * number), final=True) for number in range(count)]


def test_a_model_that_does_not_load_is_loaded_smaller() -> None:
    engine = EconomicEngine(Demanding, smaller_whisper)
    engine.start(EngineSettings("small", "cuda", "float16"))
    assert engine.description == "small cuda int8_float16"


def test_a_batch_that_does_not_fit_is_halved_and_answered_in_order() -> None:
    engine = EconomicEngine(Demanding, smaller_whisper)
    engine.start(EngineSettings("small", "cuda", "int8"))
    assert [found.language for found in engine.decode(windows(8))] == [str(number) for number in range(8)]
    assert engine.batch_size == 2


def test_a_smaller_model_that_cannot_be_had_is_passed_over() -> None:
    engine = EconomicEngine(Demanding, smaller_whisper)
    engine.start(EngineSettings("small", "cpu", "int8"))
    engine.shrink()
    assert engine.description == "tiny cpu int8"
    with pytest.raises(ModelUnavailable, match="too little memory for any model"):
        engine.shrink()


def test_one_window_that_does_not_fit_asks_for_a_smaller_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Demanding, "fits", 0)
    engine = EconomicEngine(Demanding, nothing_smaller)
    engine.start(EngineSettings("small", "cuda", "int8"))
    with pytest.raises(DoesNotFit):
        engine.decode(windows(4))


def test_other_errors_are_not_taken_for_it() -> None:
    class Broken(Demanding):
        def decode(self, windows: Sequence[Window]) -> list[Hypothesis]:
            raise RuntimeError("Invalid input features shape")

    engine = EconomicEngine(Broken, smaller_whisper)
    engine.start(EngineSettings("small", "cuda", "int8"))
    with pytest.raises(RuntimeError, match="features shape"):
        engine.decode(windows(1))
