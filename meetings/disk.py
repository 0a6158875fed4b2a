"""Room on the disk: who would take the last of it is refused, before the disk refuses everybody."""

import errno
import shutil
from pathlib import Path

LAST_BYTES = 500_000_000  # that nobody's file takes
FULL = (errno.ENOSPC, errno.EDQUOT)


def require_room(folder: Path, size_bytes: int, spare_bytes: int = LAST_BYTES) -> None:
    """Make the folder, where it is missing; raises OSError, as a full disk does."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < size_bytes + spare_bytes:
        raise OSError(errno.ENOSPC, "the disk is almost full")


def is_full(error: BaseException | None) -> bool:
    """Whether it says that a disk has no room left, or its user's share of it."""
    return isinstance(error, OSError) and error.errno in FULL
