"""Files that only their owner may read: passwords, and addresses that hold one."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write the file anew, readable by its owner alone from the first moment on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)


def kept_password(path: Path) -> str:
    """The password in `path`, made on the first call."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text()
