"""The private stores: durable, closed to others, and in the right hands after a killed start."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
import redis

from config.launch.postgres import Postgres
from config.launch.stores import Store, missing_stores
from config.launch.valkey import Valkey

AnyStore = TypeVar("AnyStore", Postgres, Valkey)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module")
def postgres(folder: Path) -> Iterator[Postgres]:
    yield from _running(Postgres(folder / "postgres"))


@pytest.fixture(scope="module")
def valkey(folder: Path) -> Iterator[Valkey]:
    yield from _running(Valkey(folder / "valkey"))


def _running(store: AnyStore) -> Iterator[AnyStore]:
    store.start()
    yield store
    store.stop()


def test_postgres_keeps_its_data_and_address_over_a_restart(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")
    address = postgres.url
    postgres.stop()
    postgres.start()
    assert postgres.url == address
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("here",)]


def test_valkey_keeps_its_data_and_address_over_a_restart(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "here")
    address = valkey.url
    valkey.stop()
    valkey.start()
    assert valkey.url == address
    with redis.Redis.from_url(address) as client:
        assert client.get("kept") == b"here"


def test_a_killed_postgres_comes_back_with_what_was_committed(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE survived (word text)")
    _kill(postgres)
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT * FROM survived").fetchall() == []


def test_postgres_refuses_other_users_of_the_machine(postgres: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url.replace(postgres.url.split(":")[2].split("@")[0], "wrong"))


def test_valkey_refuses_other_users_of_the_machine(valkey: Valkey) -> None:
    port = int(valkey.url.rsplit(":", 1)[1].split("/")[0])
    with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_passwords_are_readable_by_their_owner_alone(folder: Path, postgres: Postgres, valkey: Valkey) -> None:
    secrets = [folder / "postgres" / "password", folder / "valkey" / "password", folder / "valkey" / "valkey.conf"]
    assert {path.stat().st_mode & 0o077 for path in secrets} == {0}


def test_valkey_never_evicts_audio_and_writes_it_to_disk(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert client.config_get("appendonly")["appendonly"] == "yes"


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_what_a_killed_start_left_running_makes_room(kind: type[Postgres | Valkey], tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    left_behind = kind(tmp_path / kind.name)
    left_behind.start()
    again = kind(tmp_path / kind.name)
    try:
        again.start()
        assert _process(left_behind).wait(10) == 0
        assert _process(again).poll() is None
    finally:
        again.stop()
        left_behind.stop()


def test_stores_that_are_given_are_not_started(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/db"}
    assert list(missing_stores(tmp_path, given)) == ["REDIS_URL"]
    assert missing_stores(tmp_path, {**given, "REDIS_URL": "redis://elsewhere"}) == {}


def _kill(store: Store) -> None:
    process = _process(store)
    process.kill()
    process.wait(10)


def _process(store: Store) -> "subprocess.Popen[bytes]":
    assert store.process is not None
    return store.process
