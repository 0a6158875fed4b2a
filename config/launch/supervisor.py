"""Keeps processes and stores running: output under their names, restarts with growing pauses, stops all in order."""

import http.client
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from config.launch import process
from config.launch.errors import LaunchError
from config.launch.ports import LOOPBACK
from config.launch.stores import Store

POLL_S = 0.2
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # after which a process counts as well again


@dataclass
class Child:
    """One thing kept running. `start` runs it (again) and returns its process."""

    name: str
    start: "Callable[[], subprocess.Popen[bytes]]"
    running: "subprocess.Popen[bytes]"
    started_at: float
    stop_signal: signal.Signals = signal.SIGTERM
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """Within `with`, keeps what it is given; on exit stops the processes, then the stores."""

    def __init__(self) -> None:
        self._stores: list[Store] = []
        self._served: list[Child] = []  # their processes
        self._processes: list[Child] = []

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        ended = process.stop_all([(child.running, child.stop_signal) for child in self._processes])
        for child, status in zip(self._processes, ended, strict=True):
            if status == -signal.SIGKILL:
                print(f"{child.name} did not stop within {process.STOP_TIMEOUT_S:.0f} s and was killed", flush=True)
        for store in self._stores:
            store.stop()

    def keep_store(self, store: Store) -> str:
        """Start the store and return its URL. Raises LaunchError."""

        def start() -> "subprocess.Popen[bytes]":
            store.start()
            assert store.process is not None
            return store.process

        try:
            running = start()
        except BaseException:
            store.stop()
            raise
        self._stores.append(store)
        self._served.append(Child(store.name, start, running, time.monotonic()))
        return store.url

    def start(self, command: process.Command) -> None:
        """Start the process, its output on ours under its name."""
        self._processes.append(_supervised(command))

    def wait_until_ready(self, port: int, host: str, timeout_s: float) -> None:
        """Wait until /ready says yes; raises LaunchError when a process dies first or it takes too long."""
        deadline = time.monotonic() + timeout_s
        while not _is_ready(port, host):
            for child in self._processes:
                if child.running.poll() is not None:
                    raise LaunchError(f"{child.name} ended at its start: the reason stands above")
            if time.monotonic() > deadline:
                raise LaunchError(f"not ready after {timeout_s:.0f} s: http://{LOOPBACK}:{port}/ready says why")
            time.sleep(POLL_S)

    def watch(self) -> None:
        """Restart what dies, for ever (until KeyboardInterrupt)."""
        while True:
            for child in [*self._served, *self._processes]:
                _look_after(child)
            time.sleep(POLL_S)


def _supervised(command: process.Command) -> Child:
    def start() -> "subprocess.Popen[bytes]":
        running = process.start(command, subprocess.PIPE)
        process.relay(running, command.name)
        return running

    return Child(command.name, start, start(), time.monotonic(), command.stop_signal)


def _look_after(child: Child) -> None:
    now = time.monotonic()
    if child.restart_at is None and child.running.poll() is not None:
        child.failures = 0 if now - child.started_at > STEADY_S else child.failures + 1
        pause = min(2.0**child.failures - 1, LONGEST_PAUSE_S)
        child.restart_at = now + pause
        print(f"{child.name} ended with {child.running.returncode}; starting again in {pause:.0f} s", flush=True)
    elif child.restart_at is not None and now >= child.restart_at:
        _restart(child)


def _restart(child: Child) -> None:
    child.started_at, child.restart_at = time.monotonic(), None
    try:
        child.running = child.start()
    except LaunchError as error:
        print(f"{child.name}: {error}", flush=True)


def _is_ready(port: int, host: str) -> bool:
    """Ask the web process directly, under the name that browsers use: proxies of the environment do not matter."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/ready", headers={"Host": host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
