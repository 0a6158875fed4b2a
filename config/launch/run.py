"""What `make run` does once everything is installed: stores, migrations, model, processes, address."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from config.launch import process
from config.launch.checks import check_disk, check_port
from config.launch.errors import LaunchError
from config.launch.stores import stores
from config.launch.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent
READY_TIMEOUT_S = 180.0


def run() -> int:
    """Start everything, print the address, wait for Ctrl-C or SIGTERM, stop everything. Raises LaunchError."""
    folder = Path(os.environ.get("VAR_DIR") or ROOT / "var")
    port = int(os.environ.get("PORT") or 8000)
    base_url = os.environ.get("BASE_URL") or f"http://localhost:{port}"
    check_port(port)
    check_disk(folder)
    with _interruptible(), stores(folder) as urls:
        environment = {**urls, "BASE_URL": base_url, "VAR_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
        _prepare(environment)
        with Supervisor(_commands(environment, port, folder)) as supervisor:
            supervisor.wait_until_ready(f"http://127.0.0.1:{port}/ready", READY_TIMEOUT_S)
            _welcome(environment, base_url)
            supervisor.watch()
    return 0


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does: in order."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
    finally:
        signal.signal(signal.SIGTERM, before)


def _prepare(environment: Mapping[str, str]) -> None:
    _step("the model", environment, "-m", "transcription.models", os.environ.get("MODEL") or "base")
    _step("the database", environment, "manage.py", "migrate", "--verbosity", "0")
    _step("the static files", environment, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")


def _step(what: str, environment: Mapping[str, str], *arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, check=False)
    if done.returncode:
        raise LaunchError(f"{what} could not be prepared: the reason stands above")


def _commands(environment: Mapping[str, str], port: int, folder: Path) -> list[process.Command]:
    daphne = (
        "-m",
        "daphne",
        "-v",
        "0",
        "-b",
        os.environ.get("BIND", "127.0.0.1"),
        "-p",
        str(port),
        "config.asgi:application",
    )
    celery = (
        "-m",
        "celery",
        "--quiet",
        "-A",
        "config",
        "worker",
        "-B",
        "-s",
        str(folder / "beat"),
        "-c",
        "1",
        "-l",
        "WARNING",
    )
    arguments = {"web": daphne, "transcriber": ("manage.py", "transcribe"), "worker": celery}
    return [process.Command(name, (sys.executable, *rest), environment, ROOT) for name, rest in arguments.items()]


def _welcome(environment: Mapping[str, str], base_url: str) -> None:
    link = subprocess.run(
        [sys.executable, "manage.py", "signin_link"],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    print(
        f"\n  Ready: {base_url}\n  Sign in as administrator, once, within a day: {link}\n  Ctrl-C stops it.\n",
        flush=True,
    )
