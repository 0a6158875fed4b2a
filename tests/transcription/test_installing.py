"""What `make install-diarization` asks of pip: nothing of the project changes, and no CUDA without a GPU."""

import os
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from transcription.diarization import install


def test_what_the_project_was_locked_with_stays() -> None:
    pins = {Requirement(line).name: Requirement(line) for line in install.locked()}
    assert {"django", "numpy", "onnxruntime", "redis"} <= pins.keys()
    assert all(str(pin.specifier).startswith("==") for pin in pins.values())
    assert not any("hash" in line for line in install.locked())


def test_the_extra_is_asked_for_and_pins_are_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    class Done:
        returncode = 1

    def run(command: list[str], **_how: object) -> Done:
        pins = Path(command[command.index("--constraint") + 1]).read_text()
        asked.append([*command, *pins.splitlines()])
        return Done()

    monkeypatch.setattr(install, "installed", lambda: False)
    monkeypatch.setattr(install, "extra_index", list)
    monkeypatch.setattr("subprocess.run", run)
    assert install.main() == 1
    (command,) = asked
    assert set(install.requirements()) | set(install.locked()) <= set(command)


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No GPU, and pip knows of no index but PyPI."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(install, "GPU", tmp_path / "gpu")
    return tmp_path / "gpu"


def test_without_a_gpu_torch_comes_from_the_index_for_cpus(untold: Path) -> None:
    assert install.extra_index() == ["--extra-index-url", install.CPU_INDEX]


def test_with_a_gpu_it_comes_with_cuda(untold: Path) -> None:
    untold.touch()
    assert install.extra_index() == []


@pytest.mark.parametrize("option", ["INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS"])
def test_an_index_that_somebody_chose_is_left(untold: Path, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    monkeypatch.setenv(f"PIP_{option}", "https://packages.example.org/simple")
    assert install.extra_index() == []
