"""Sets diarization up in this Python environment: `python -m transcription.diarization.install`, again at will."""

import importlib.util
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from transcription.diarization import bundle

ROOT = Path(__file__).resolve().parents[2]
GPU = Path("/proc/driver/nvidia/version")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def main() -> int:
    """Packages, then a torchaudio that loads, then the models; says what it does, and why it could not."""
    if installed() and bundle.find_bundle():
        print("diarization: pyannote.audio and its models are installed")
        return 0
    print("installing pyannote.audio and torch (some hundred megabytes, a few minutes)", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
        pins.write("\n".join(locked()))
        pins.flush()
        done = subprocess.run([*PIP, *extra_index(), "--constraint", pins.name, *requirements()], check=False)
    if done.returncode:
        print("pip could not install: the reason stands above; check the network and the disk, then try again")
        return 1
    _mend_torchaudio()
    if trouble := _trouble():
        print(f"pyannote.audio is installed but does not load: {trouble}")
        return 1
    return bundle.main()


def requirements() -> list[str]:
    """The extra's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra: list[str] = project["optional-dependencies"]["diarization"]
    return extra


def locked() -> list[str]:
    """What everything else is made of, so that the extra changes none of it; without hashes, which it has none of."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [line.removesuffix("\\").strip() for line in lines if line[:1].isalnum()]


def extra_index() -> list[str]:
    """PyTorch's index for CPUs: without a GPU the torch of PyPI brings gigabytes for one. Who told pip where to look is
    not overruled."""
    told = subprocess.run([*PIP[:3], "config", "list"], capture_output=True, text=True, check=False).stdout
    if GPU.exists() or any(option in told for option in ("index-url", "find-links", "no-index")):
        return []
    return ["--extra-index-url", CPU_INDEX]


def installed() -> bool:
    return importlib.util.find_spec("pyannote") is not None and not _trouble()


def _mend_torchaudio() -> None:
    """Beside a torch for the CPU the native part of torchaudio, made for CUDA, does not load. Nobody needs it."""
    if not _trouble("torchaudio"):
        return
    specification = importlib.util.find_spec("torchaudio")
    for folder in (specification.submodule_search_locations or []) if specification else []:
        for extension in Path(folder, "lib").glob("_torchaudio*.so"):
            print("torchaudio: its optional extension is for CUDA and is taken out")
            extension.unlink()


def _trouble(module: str = "pyannote.audio") -> str:
    """Why the module cannot be imported, in one line; empty when it can."""
    command = [sys.executable, "-W", "ignore", "-c", f"import {module}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stderr.strip().splitlines() or ["no reason given"])[-1] if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
