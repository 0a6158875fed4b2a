"""Postgres refuses to run as root: whom it runs as then, and what that user must be able to reach."""

import os
import pwd
import stat
from pathlib import Path

from config.launch.errors import LaunchError

_CANDIDATES = ("postgres", "nobody")


def unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to run Postgres as; None where we are not root and it can run as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LaunchError(
        f"Postgres cannot run as root and there is no user {' or '.join(_CANDIDATES)}: run as another user"
    )


def let_reach(folder: Path) -> None:
    """Let other users pass through the folders above `folder`, without letting them list those."""
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def let_read(tree: Path) -> None:
    """Let other users read and run what lies below `tree` (packages installed under a strict umask)."""
    if tree.stat().st_mode & stat.S_IROTH:
        return
    for path in [tree, *tree.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
