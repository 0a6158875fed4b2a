"""Migrations take as long as they take: what limits a request does not limit them."""

from django.db import connections

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def lift_limits(using: str, **_: object) -> None:
    """Before the first migration."""
    _execute(using, [f"SET {limit} = 0" for limit in LIMITS])


def restore_limits(using: str, **_: object) -> None:
    """After the last one: tests go on with the connection."""
    _execute(using, [f"RESET {limit}" for limit in LIMITS])


def _execute(using: str, statements: list[str]) -> None:
    with connections[using].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
