"""The documented backup and restore bring back every row, with the programs of the private Postgres."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from config.launch.postgres import _installation
from config.launch.system_user import let_read
from tests.stack import ROOT, Stack, emptied_redis, new_database

DOCUMENT = (ROOT / "docs" / "deployment.md").read_text()


def documented(name: str) -> str:
    found = re.search(rf"<!-- {name}: begin -->\n\s*(.*?)\n<!-- {name}: end -->", DOCUMENT, re.DOTALL)
    assert found, name
    return found[1].strip()


def run(command: str, database_url: str, folder: Path) -> None:
    """As it stands in the document, but for where Postgres is."""
    place = urlsplit(database_url)
    assert place.username
    assert place.password
    name = place.path[1:]
    here = command.removeprefix("docker compose exec -T postgres ").replace("-U meetings", f"-U {place.username}")
    here = re.sub(r"(-Fc|-d) meetings\b", rf"\1 {name}", here)
    programs = _installation() / "bin"
    let_read(programs.parent)
    where = {"PGHOST": str(place.hostname), "PGPORT": str(place.port), "PGPASSWORD": place.password}
    environment = {**os.environ, **where, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", here], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def everything(database_url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, as text."""
    with psycopg.connect(database_url) as connection:
        tables = [
            str(row[0])
            for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ]
        return {table: connection.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1').fetchall() for table in tables}


@pytest.fixture
def filled(database_url: str, redis_url: str, tmp_path: Path) -> Stack:
    stack = Stack(new_database(database_url), emptied_redis(redis_url, 8), tmp_path)
    stack.manage("migrate", "--verbosity", "0")
    stack.manage(
        "shell", "-v", "0", "-c",
        "from tests.meetings.cast import *; m = live_meeting(account('Ada'));"
        "[say(m.participants.get(), 2000 * n, f'Line {n} — für alle') for n in range(50)]",
    )  # fmt: skip
    return stack


def test_a_restored_backup_has_every_row(filled: Stack, database_url: str, tmp_path: Path) -> None:
    before = everything(filled.database_url)
    assert len(before["meetings_segment"]) == 50
    run(documented("backup"), filled.database_url, tmp_path)
    filled.manage("shell", "-v", "0", "-c", "from meetings.models import Segment; Segment.objects.all().delete()")
    run(documented("restore"), filled.database_url, tmp_path)  # over what is there
    assert everything(filled.database_url) == before
    fresh = new_database(database_url)
    run(documented("restore"), fresh, tmp_path)
    assert everything(fresh) == before
    again = Stack(fresh, filled.redis_url, tmp_path)
    again.manage("migrate", "--verbosity", "0")
    again.manage("check", "--database", "default")
