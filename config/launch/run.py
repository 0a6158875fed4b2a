"""What `make run` does once everything is installed: stores, migrations, model, processes, address."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from config.environment import BASE_DIR, ConfigurationError, read_environment
from config.launch.checks import check_disk, check_port, only_start
from config.launch.errors import LaunchError
from config.launch.ports import LOOPBACK
from config.launch.process import Command
from config.launch.stores import announcing, missing_stores
from config.launch.supervisor import Supervisor

READY_TIMEOUT_S = 180.0
_WELCOME = """
  Ready: {address}
  Sign in as administrator (once, within a day): {link}
  Ctrl-C stops it.
"""


def run() -> int:
    """Start everything, print the address, wait for Ctrl-C or SIGTERM, stop everything. Raises LaunchError."""
    folder = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()
    port = _port()
    base_url = os.environ.get("BASE_URL") or f"http://localhost:{port}"
    check_disk(folder)
    with _interruptible(), only_start(folder), Supervisor() as supervisor:
        check_port(port)
        urls = {name: supervisor.keep_store(store) for name, store in missing_stores(folder, os.environ).items()}
        own = {**urls, "BASE_URL": base_url, "VAR_DIR": str(folder)}
        environment = {**os.environ, **own, "PYTHONUNBUFFERED": "1"}
        commands = _commands(environment, port, folder)
        with announcing(folder, own):
            _fetch_model(environment)
            supervisor.start(commands["transcriber"])  # it loads the model while the database is prepared
            link = _prepare_database(environment)
            supervisor.start(commands["web"])
            supervisor.start(commands["worker"])
            supervisor.start(commands["media"])
            supervisor.wait_until_ready(port, urlsplit(base_url).netloc, READY_TIMEOUT_S)
            print(_WELCOME.format(address=base_url, link=link), flush=True)
            supervisor.watch()
    return 0


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not (text.isdecimal() and 0 < int(text) < 65_536):
        raise LaunchError(f"PORT is {text!r}: it takes a number from 1 to 65535")
    return int(text)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and a closed terminal end us as Ctrl-C does: in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fetch_model(environment: Mapping[str, str]) -> None:
    try:
        model = read_environment(environment).model
    except ConfigurationError as error:
        raise LaunchError(str(error)) from error
    _finish("the model", environment, "-m", "transcription.models", model, output=None)


def _prepare_database(environment: Mapping[str, str]) -> str:
    """Also collects the static files; returns the first administrator's sign-in link."""
    return _finish("the database", environment, "-m", "config.launch.prepare", output=subprocess.PIPE).strip()


def _finish(what: str, environment: Mapping[str, str], *arguments: str, output: int | None) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, check=False, stdout=output, text=True)
    if done.returncode:
        raise LaunchError(f"{what} could not be prepared: the reason stands above")
    return done.stdout or ""


def _commands(environment: Mapping[str, str], port: int, folder: Path) -> dict[str, Command]:
    host = environment.get("BIND", LOOPBACK)
    celery = ["-W", "ignore:You're running the worker", *"-m celery --quiet -A config worker -l WARNING".split()]
    arguments = {
        "web": f"-m daphne -v 0 -b {host} -p {port} config.asgi:application".split(),
        "transcriber": ["manage.py", "transcribe"],
        "worker": [*celery, "-c", "3", "-n", "worker@%h", "-B", "-s", str(folder / "beat")],
        "media": [*celery, "-c", "1", "-n", "media@%h", "-Q", "media"],  # recordings, which take long
    }
    return {name: Command(name, (sys.executable, *rest), environment, BASE_DIR) for name, rest in arguments.items()}
