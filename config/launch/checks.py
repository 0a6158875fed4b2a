"""What must hold before anything is started."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launch.errors import AlreadyRunning, LaunchError
from config.launch.ports import LOOPBACK, is_taken

MIN_FREE_BYTES = 1_500_000_000


def check_port(port: int) -> None:
    """Raise LaunchError when another program listens on the port."""
    try:
        taken = is_taken(LOOPBACK, port)
    except (OSError, OverflowError) as error:
        raise LaunchError(f"port {port} cannot be used ({error}): try `make run PORT=8001`") from error
    if taken:
        raise LaunchError(f"port {port} is taken: stop the other program or run `make run PORT={port + 1}`")


def check_disk(folder: Path) -> None:
    """Raise LaunchError when there is no room for a database and a model."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchError(
            f"{folder} cannot be made ({error.strerror}): set VAR_DIR to a folder you may write"
        ) from error
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise LaunchError(
            f"only {free // 1_000_000} MB are free for {folder}: make room for {MIN_FREE_BYTES // 1_000_000} MB, "
            "or set VAR_DIR to a folder on another disk"
        )


@contextmanager
def only_start(folder: Path) -> Iterator[None]:
    """Hold the data folder while the body runs. Raises AlreadyRunning when another start holds it."""
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                f"already running on {folder}: stop that one, or set VAR_DIR to another folder"
            ) from error
        yield
