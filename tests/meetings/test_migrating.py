"""Migrations run without the limits of requests, which hold again after them."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from meetings.migrating import LIMITS

pytestmark = pytest.mark.django_db


def limits() -> list[str]:
    with connection.cursor() as cursor:
        return [cursor.execute(f"SHOW {limit}").fetchone()[0] for limit in LIMITS]


def test_no_limit_holds_while_migrations_run(monkeypatch: pytest.MonkeyPatch) -> None:
    migrate, during = MigrationExecutor.migrate, []

    def watched(self: MigrationExecutor, *arguments: Any, **named: Any) -> Any:
        during.append(limits())
        return migrate(self, *arguments, **named)

    monkeypatch.setattr(MigrationExecutor, "migrate", watched)
    call_command("migrate", verbosity=0)
    assert during == [["0", "0", "0"]]
    assert limits() == ["15s", "5s", "30s"]
