"""The private stores of a machine that has none: a real Postgres and Valkey, out of Python packages.

Both listen on 127.0.0.1 only, on a free port and with a password made for them, and keep their data in a folder.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from config.launch.errors import LaunchError
from config.launch.private_files import write_private

READY_TIMEOUT_S = 60.0


class Store(Protocol):
    """A server with its data in a folder. `url` is known before it runs and the same after a restart."""

    name: str
    url: str
    process: subprocess.Popen[bytes] | None

    def start(self) -> None:
        """Start it, on the data of the last time, and wait until it answers. Raises LaunchError."""

    def stop(self) -> None:
        """Stop it in order; nothing happens where it does not run."""


@contextmanager
def stores(var_dir: Path, environment: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL: those given, or those of private stores that run while the body does."""
    urls = {name: environment[name] for name in ("DATABASE_URL", "REDIS_URL") if environment.get(name)}
    with ExitStack() as running:
        for name, store in missing_stores(var_dir, environment).items():
            running.callback(store.stop)
            store.start()
            urls[name] = store.url
        yield urls


@contextmanager
def announcing(var_dir: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """While the body runs, a note holds the settings it runs with, for commands beside this start."""
    note = var_dir / "running.json"
    write_private(note, json.dumps(dict(settings)))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def announced(var_dir: Path) -> dict[str, str]:
    """The settings of the start that runs on `var_dir`. Raises LaunchError while it is still starting."""
    try:
        settings: dict[str, str] = json.loads((var_dir / "running.json").read_text())
    except FileNotFoundError as error:
        raise LaunchError("the stores are still starting: try again in a moment") from error
    return settings


def missing_stores(var_dir: Path, environment: Mapping[str, str]) -> dict[str, Store]:
    """The stores that `environment` has no URL for, under the variable that is missing; not started."""
    from config.launch.postgres import Postgres
    from config.launch.valkey import Valkey

    makers: dict[str, Callable[[], Store]] = {
        "DATABASE_URL": lambda: Postgres(var_dir / "postgres"),
        "REDIS_URL": lambda: Valkey(var_dir / "valkey"),
    }
    return {name: make() for name, make in makers.items() if not environment.get(name)}


def wait_until(answers: Callable[[], bool], name: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when `answers` says yes. Raises LaunchError when the process ends or READY_TIMEOUT_S is over."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not answers():
        if process.poll() is not None:
            raise LaunchError(f"{name} did not start: {last_line(log)} (all of it in {log})")
        if time.monotonic() > deadline:
            raise LaunchError(f"{name} did not answer within {READY_TIMEOUT_S:.0f} s: see {log}")
        time.sleep(0.05)


def last_line(log: Path) -> str:
    """The last thing a server said, or that it said nothing."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
