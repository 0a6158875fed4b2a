"""Keeps a set of processes running: output under their names, restarts with growing pauses, stops all in order."""

import http.client
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from types import TracebackType

from config.launch import process
from config.launch.errors import LaunchError

POLL_S = 0.2
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # after which a process counts as well again


@dataclass
class Child:
    command: process.Command
    running: "subprocess.Popen[bytes]"
    started_at: float
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """`with Supervisor(commands)`: started on entry, in order; stopped on exit, in reverse."""

    def __init__(self, commands: list[process.Command]) -> None:
        self._commands = commands
        self._width = max(len(command.name) for command in commands)
        self._children: list[Child] = []

    def __enter__(self) -> "Supervisor":
        for command in self._commands:
            self._children.append(Child(command, self._start(command), time.monotonic()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children):
            process.stop(child.running, child.command.stop_signal)

    def wait_until_ready(self, url: str, timeout_s: float) -> None:
        """Wait for HTTP 200; raises LaunchError when a process dies first or it takes too long."""
        deadline = time.monotonic() + timeout_s
        while not _answers(url):
            for child in self._children:
                if child.running.poll() is not None:
                    raise LaunchError(f"{child.command.name} ended at its start: the reason stands above")
            if time.monotonic() > deadline:
                raise LaunchError(f"not ready after {timeout_s:.0f} s: {url} says why")
            time.sleep(POLL_S)

    def watch(self) -> None:
        """Restart what dies, for ever (until KeyboardInterrupt)."""
        while True:
            for child in self._children:
                self._look_after(child)
            time.sleep(POLL_S)

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                child.running, child.started_at, child.restart_at = self._start(child.command), now, None
        elif child.running.poll() is not None:
            child.failures = 0 if now - child.started_at > STEADY_S else child.failures + 1
            pause = min(2.0**child.failures - 1, LONGEST_PAUSE_S)
            child.restart_at = now + pause
            print(
                f"{child.command.name} ended with {child.running.returncode}; starting again in {pause:.0f} s",
                flush=True,
            )

    def _start(self, command: process.Command) -> "subprocess.Popen[bytes]":
        child = process.start(command, subprocess.PIPE)
        process.relay(child, command.name, self._width)
        return child


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == http.client.OK)
    except (urllib.error.URLError, OSError, http.client.HTTPException):
        return False
