"""Keeping processes running: restarts, readiness, and an end that takes all of them and nothing else."""

import http.server
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.launch import process
from config.launch.errors import LaunchError
from config.launch.ports import free_port
from config.launch.process import Command
from config.launch.supervisor import Supervisor


def _python(name: str, code: str) -> Command:
    return Command(name, (sys.executable, "-c", code))


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within 15 s"
        time.sleep(0.02)


def _is_gone(process_id: int) -> bool:
    try:
        return bool(psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE)  # nobody but init reaps it
    except psutil.NoSuchProcess:
        return True


def _watch(watched: Supervisor, until: Callable[[], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the supervisor watch until `until` holds, as Ctrl-C would end it."""
    deadline = time.monotonic() + 15

    def pause(_seconds: float) -> None:
        if until():
            raise KeyboardInterrupt
        assert time.monotonic() < deadline, "it did not happen within 15 s"
        threading.Event().wait(0.02)

    with monkeypatch.context() as patched:
        patched.setattr("time.sleep", pause)
        with pytest.raises(KeyboardInterrupt):
            watched.watch()


def test_a_process_that_dies_is_named_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    starts = tmp_path / "starts"
    code = f"print('x', file=open({str(starts)!r}, 'a')); import sys; sys.exit(3)"
    with Supervisor() as watched:
        watched.start(_python("worker", code))
        _watch(watched, lambda: starts.exists() and len(starts.read_text().split()) >= 2, monkeypatch)
    assert "worker ended with 3; starting again in 1 s" in capfd.readouterr().out


def test_output_stands_under_the_name_of_its_process(capfd: pytest.CaptureFixture[str]) -> None:
    said = ""

    def was_said() -> bool:
        nonlocal said
        said += capfd.readouterr().out
        return "web         | hello" in said

    with Supervisor() as watched:
        watched.start(_python("web", "print('hello', flush=True); import time; time.sleep(60)"))
        _eventually(was_said)


def test_the_end_takes_grandchildren_too_and_nothing_else(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    grandchild = "import time; time.sleep(60)"
    code = (
        "import subprocess, sys, time; "
        f"child = subprocess.Popen([sys.executable, '-c', {grandchild!r}]); "
        f"open({str(note)!r}, 'w').write(str(child.pid) + ' '); time.sleep(60)"
    )
    neighbour = subprocess.Popen([sys.executable, "-c", grandchild])
    try:
        with Supervisor() as watched:
            watched.start(_python("web", code))
            _eventually(lambda: note.exists() and note.read_text().endswith(" "))
        _eventually(lambda: _is_gone(int(note.read_text())))
        assert neighbour.poll() is None
    finally:
        neighbour.kill()
        neighbour.wait()


def test_a_process_that_ignores_the_request_to_end_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process, "STOP_TIMEOUT_S", 0.3)
    note = tmp_path / "deaf"
    code = (
        f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(note)!r}, 'w'); time.sleep(60)"
    )
    child = process.start(_python("web", code))
    _eventually(note.exists)
    assert process.stop(child) == -signal.SIGKILL


def test_all_are_asked_to_end_before_any_is_waited_for(tmp_path: Path) -> None:
    """The first ends only once the second was asked."""
    asked, ready = tmp_path / "asked", [tmp_path / "first", tmp_path / "second"]
    first = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(ready[0])!r}, 'w')\nwhile not pathlib.Path({str(asked)!r}).exists(): time.sleep(0.01)"
    )
    second = (
        f"import signal, time; signal.signal(signal.SIGTERM, lambda *_: open({str(asked)!r}, 'w')); "
        f"open({str(ready[1])!r}, 'w')\nwhile not __import__('os').path.exists({str(asked)!r}): time.sleep(0.01)"
    )
    children = [process.start(_python(name, code)) for name, code in (("first", first), ("second", second))]
    _eventually(lambda: all(note.exists() for note in ready))
    assert process.stop_all([(child, signal.SIGTERM) for child in children]) == [0, 0]


def test_what_had_to_be_killed_at_the_end_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(process, "STOP_TIMEOUT_S", 0.3)
    note = tmp_path / "deaf"
    deaf = (
        f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(note)!r}, 'w'); time.sleep(60)"
    )
    with Supervisor() as watched:
        watched.start(_python("media", deaf))
        watched.start(_python("web", "import time; time.sleep(60)"))
        _eventually(note.exists)
    said = capfd.readouterr().out
    assert "media did not stop within 0 s and was killed" in said
    assert "web did not stop" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_nothing_outlives_a_start_that_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import sys, time; from config.launch.process import Command, start; "
        "child = start(Command('web', (sys.executable, '-c', 'import time; time.sleep(60)'))); "
        f"open({str(note)!r}, 'w').write(str(child.pid) + ' '); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    _eventually(lambda: note.exists() and note.read_text().endswith(" "))
    parent.kill()
    parent.wait()
    _eventually(lambda: _is_gone(int(note.read_text())))


def test_a_process_that_dies_before_all_is_ready_stops_the_start() -> None:
    with Supervisor() as watched:
        watched.start(_python("transcriber", "raise SystemExit('no model')"))
        with pytest.raises(LaunchError, match=r"^transcriber ended at its start"):
            watched.wait_until_ready(free_port(), "localhost", timeout_s=15)


class _OnlyFor(http.server.BaseHTTPRequestHandler):
    """Says ready to those who ask for meet.example, as Django does for its allowed hosts."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Host"] == "meet.example" else 400)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        pass


@pytest.fixture
def server_port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), _OnlyFor) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_readiness_is_asked_under_the_name_that_browsers_use(server_port: int) -> None:
    with Supervisor() as watched:
        watched.wait_until_ready(server_port, "meet.example", timeout_s=5)
        with pytest.raises(LaunchError, match="not ready after 0 s"):
            watched.wait_until_ready(server_port, "127.0.0.1", timeout_s=0)


def test_proxies_of_the_environment_do_not_matter_for_readiness(
    server_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with Supervisor() as watched:
        watched.wait_until_ready(server_port, "meet.example", timeout_s=5)
