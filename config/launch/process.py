"""One child process in a process group of its own, and its output."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypedDict

STOP_TIMEOUT_S = 30.0  # a web process answers what is open for 25 s
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `stop_signal` asks it to end in order; after STOP_TIMEOUT_S it is killed."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)  # added to ours
    folder: Path | None = None
    user_id: int | None = None  # run as this user, when we are root
    stop_signal: signal.Signals = signal.SIGTERM


def start(command: Command, output: IO[bytes] | int | None = None) -> subprocess.Popen[bytes]:
    """Start `command` in a new session, so that Ctrl-C on our terminal reaches only us.

    `output` takes both its streams. On Linux the child is asked to stop when we die, however that happens.
    """
    environment = {**os.environ, **command.environment}
    return subprocess.Popen(
        command.arguments,
        env=environment,
        cwd=command.folder,
        **identity(command.user_id),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  (async-signal-safe call)
    )


class Identity(TypedDict, total=False):
    """The arguments of Popen that say whom a process runs as."""

    user: int
    group: int
    extra_groups: list[str | int]


def identity(user_id: int | None) -> Identity:
    """As that user with its own group and no other; None: as ourselves."""
    if user_id is None:
        return {}
    return {"user": user_id, "group": pwd.getpwuid(user_id).pw_gid, "extra_groups": []}


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
    """Ask the process to stop, wait, then kill what is left of its group; its exit status."""
    [status] = stop_all([(process, how)])
    return status


def stop_all(processes: Sequence[tuple[subprocess.Popen[bytes], signal.Signals]]) -> list[int]:
    """The same of several at once, so that all together take no longer than the slowest."""
    for process, how in processes:
        if process.poll() is None:
            process.send_signal(how)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process, _ in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        _kill_group(process.pid)
    return [process.wait() for process, _ in processes]


def relay(process: subprocess.Popen[bytes], name: str) -> threading.Thread:
    """Copy the process's output line by line to our own, each line under its name, until it ends."""

    def copy() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(f"{name:<11} | {line.decode(errors='replace').rstrip()}\n")
            sys.stdout.flush()

    thread = threading.Thread(target=copy, name=f"output of {name}", daemon=True)
    thread.start()
    return thread


def _kill_group(group_id: int) -> None:
    try:
        os.killpg(group_id, signal.SIGKILL)
    except ProcessLookupError:
        pass


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    assert _libc is not None
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
