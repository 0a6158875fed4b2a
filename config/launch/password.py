"""The password of a private store."""

import os
import secrets
from pathlib import Path


def kept_password(path: Path) -> str:
    """The password in `path`, made on the first call and readable by the owner alone."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    except FileExistsError:
        pass
    return path.read_text()
