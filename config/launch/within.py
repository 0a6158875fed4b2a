"""`python -m config.launch.within COMMAND …`: run one command with the stores that `make run` uses.

Those of DATABASE_URL and REDIS_URL, or the private ones: as they run now, or started for the command.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from config.environment import BASE_DIR
from config.launch.checks import check_disk, only_start
from config.launch.errors import AlreadyRunning, LaunchError
from config.launch.stores import announced, stores


def within(command: list[str]) -> int:
    """The command's exit status. Raises LaunchError when the stores cannot be reached."""
    folder = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()
    check_disk(folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(only_start(folder))
            urls = stack.enter_context(stores(folder))
        except AlreadyRunning:
            urls = announced(folder)
        return _run(command, urls)


def _run(command: list[str], urls: dict[str, str]) -> int:
    return subprocess.run(command, cwd=BASE_DIR, env={**os.environ, **urls}, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(within(sys.argv[1:]))
    except LaunchError as error:
        sys.exit(f"cannot start: {error}")
