"""Sets diarization up in this Python environment: `python -m transcription.diarization.install`, again at will."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

from transcription.diarization import bundle

ROOT = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def main() -> int:
    """Packages, then a torchaudio that loads, then the models; says what it does, and why it could not."""
    if installed() and bundle.find_bundle():
        print("diarization: pyannote.audio and its models are installed")
        return 0
    print("installing pyannote.audio and torch (some hundred megabytes, a few minutes)", flush=True)
    if subprocess.run([*PIP, *requirements()], check=False).returncode:
        print("pip could not install: the reason stands above; check the network and the disk, then try again")
        return 1
    _mend_torchaudio()
    if trouble := _trouble():
        print(f"pyannote.audio is installed but does not load: {trouble}")
        return 1
    return bundle.main()


def requirements() -> list[str]:
    """The extra's, with the project's own bound on numpy, which pip would otherwise leave behind."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    numpy = [line for line in project["dependencies"] if line.startswith("numpy")]
    return [*project["optional-dependencies"]["diarization"], *numpy]


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
