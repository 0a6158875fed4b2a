"""The product as real processes on this machine: Daphne, transcribers and a worker on stores of their own."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from redis import Redis

from config.launch import process

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def new_database(server_url: str) -> str:
    """An empty database beside the one of `server_url`; returns its URL."""
    name = f"stack_{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def emptied_redis(server_url: str, number: int) -> str:
    """The URL of Redis database `number` of the server, emptied."""
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{number}"))
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@dataclass
class Stack:
    """Start what a test needs with `start_*`; `stop` ends all of it and nothing else."""

    database_url: str
    redis_url: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "BASE_URL": self.base_url,
            "VAR_DIR": str(self.folder),
            "SECRET_KEY": "only-for-tests-and-long-enough-to-please-the-checks-0123456789",
            "PYTHONUNBUFFERED": "1",
            **self.settings,
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def prepare(self) -> None:
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--no-input", "--verbosity", "0")

    def spoken(self, participant_id: str, text: str, start_ms: int = 1_000) -> int:
        """Store a caption as if somebody had said it; returns its sequence."""
        who = f"Participant.objects.get(pk={participant_id!r})"
        names = "from meetings.models import Participant; from tests.meetings.cast import say"
        return int(self.manage("shell", "-v", "0", "-c", f"{names}; print(say({who}, {start_ms}, {text!r}).sequence)"))

    # ── Processes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def start_web(self, name: str = "web") -> None:
        self._start(name, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(self.port), "config.asgi:application")
        self._wait(name, lambda: self._answers("/health"))

    def start_transcriber(self, name: str = "transcriber", **settings: str) -> None:
        self._start(name, "manage.py", "transcribe", **settings)

    def start_worker(self, name: str = "worker") -> None:
        schedule = str(self.folder / "beat")
        self._start(name, "-m", "celery", "-A", "config", "worker", "-B", "-s", schedule, "-c", "1", "-l", "WARNING")

    def start_media_worker(self, name: str = "media") -> None:
        self._start(name, "-m", "celery", "-A", "config", "worker", "-Q", "media", "-c", "1", "-l", "WARNING")

    def start_all(self) -> None:
        """One of each, ready."""
        self.start_web()
        self.start_transcriber()
        self.start_worker()
        self.start_media_worker()
        self.wait_ready()

    def wait_ready(self) -> None:
        self._wait("web", lambda: self._answers("/ready"))

    def signal(self, name: str, number: signal.Signals) -> None:
        self.running[name].send_signal(number)

    def kill(self, name: str) -> None:
        """As if the machine had lost it: no chance to clean up."""
        child = self.running.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def stop(self) -> None:
        process.stop_all([(child, signal.SIGTERM) for child in self.running.values()])
        self.running.clear()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _start(self, name: str, *arguments: str, **settings: str) -> None:
        command = process.Command(name, (sys.executable, *arguments), {**self.environment, **settings}, ROOT)
        with (self.folder / f"{name}.log").open("ab") as output:
            self.running[name] = process.start(command, output)

    def _wait(self, name: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            assert self.running[name].poll() is None, f"{name} ended: {self.log(name)}"
            assert time.monotonic() < deadline, f"not ready: {self.log(name)}"
            time.sleep(0.1)

    def _answers(self, path: str) -> bool:
        try:
            return httpx.get(f"{self.base_url}{path}", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


NewStack = Callable[..., Stack]
