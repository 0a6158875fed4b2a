"""What stops a start says so in one line, with what to do."""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.environment import BASE_DIR
from config.launch import run
from config.launch.checks import check_disk, check_port, only_start
from config.launch.errors import AlreadyRunning, LaunchError


def test_a_taken_port_is_named_with_another_to_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other_program:
        port = other_program.getsockname()[1]
        with pytest.raises(LaunchError, match=rf"^port {port} is taken: .*make run PORT={port + 1}") as refusal:
            check_port(port)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT", text)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    with pytest.raises(LaunchError, match=f"^PORT is '{text}'"):
        run.run()


def test_a_full_disk_says_how_much_room_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=12_000_000))
    with pytest.raises(LaunchError, match=r"^only 12 MB are free for .*make room for 1500 MB, or set VAR_DIR"):
        check_disk(tmp_path)


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LaunchError, match="set VAR_DIR to a folder you may write"):
        check_disk(tmp_path / "file" / "var")


def test_a_second_start_leaves_the_first_alone(tmp_path: Path) -> None:
    refusal = pytest.raises(AlreadyRunning, match=f"^already running on {tmp_path}: stop that one, or set VAR_DIR")
    with only_start(tmp_path), refusal, only_start(tmp_path):
        pytest.fail("two starts on one folder")
    with only_start(tmp_path):
        pass


@pytest.mark.parametrize(
    ("target", "variables", "message"),
    [
        ("node-found", {}, "no Node.js 20 or newer with npm: install one"),
        ("python-found", {"PYTHON": ""}, "no Python 3.11 or newer: install one"),
    ],
)
def test_make_says_what_the_machine_lacks(target: str, variables: dict[str, str], message: str, tmp_path: Path) -> None:
    for program in ("bash", "find", "echo", "test", "grep"):
        found = shutil.which(program)
        assert found
        (tmp_path / program).symlink_to(found)
    make = shutil.which("make")
    assert make
    arguments = [make, target, *(f"{name}={value}" for name, value in variables.items())]
    environment = {"PATH": str(tmp_path), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(arguments, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode
    assert done.stdout.splitlines()[-1].startswith(message)
