"""The whole start, as `make run` does it, with a scripted engine."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from config.environment import BASE_DIR
from config.launch.ports import free_port

READY_WITHIN_S = 120.0


def _in_front() -> None:
    """Ctrl-C is for it, also where a shell runs the tests in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Start:
    """`python -m config.launch` with stores and a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.said = folder / "said"
        own = {"VAR_DIR": str(folder / "var"), "PORT": str(self.port), "ENGINE": "scripted"}
        given = {"DATABASE_URL", "REDIS_URL", "BASE_URL"}
        self.environment = {name: value for name, value in os.environ.items() if name not in given} | own
        with self.said.open("wb") as output:
            command = [sys.executable, "-m", "config.launch"]
            self.process = subprocess.Popen(
                command,
                cwd=BASE_DIR,
                env=self.environment,
                stdout=output,
                stderr=output,
                preexec_fn=_in_front,  # noqa: PLW1509  (no thread runs yet)
            )

    @property
    def output(self) -> str:
        return self.said.read_text()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while "Ready:" not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def children(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    running = Start(tmp_path_factory.mktemp("start"))
    try:
        running.wait_until_ready()
        yield running
    finally:
        with suppress(ProcessLookupError):
            running.process.terminate()
        running.process.wait(60)


def test_the_printed_address_is_ready(start: Start) -> None:
    assert f"Ready: http://localhost:{start.port}" in start.output
    answer = httpx.get(f"http://localhost:{start.port}/ready")
    assert answer.status_code == 200, answer.text


def test_the_printed_link_signs_the_administrator_in_once(start: Start) -> None:
    link = re.search(r"http://localhost:\d+/accounts/link/\S+", start.output)
    assert link
    for visit, expected in ((1, 200), (2, 302)):
        with httpx.Client(follow_redirects=True) as browser:
            browser.get(link[0])
            admin = browser.get(f"http://localhost:{start.port}/admin/", follow_redirects=False)
        assert admin.status_code == expected, f"visit {visit}"


def test_another_link_can_be_had_while_it_runs(start: Start) -> None:
    command = [sys.executable, "-m", "config.launch.within", sys.executable, "manage.py", "signin_link"]
    done = subprocess.run(command, cwd=BASE_DIR, env=start.environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"http://localhost:{start.port}/accounts/link/?token=")


def test_ctrl_c_stops_all_that_was_started(start: Start) -> None:
    children = start.children()
    assert {"postgres", "valkey-server"} <= {child.name() for child in children}
    start.process.send_signal(signal.SIGINT)
    assert start.process.wait(60) == 0
    _, alive = psutil.wait_procs(children, timeout=5)
    assert [child.name() for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    assert start.output.rstrip().endswith("stopped")
