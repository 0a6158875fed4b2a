"""Real stores for every test: those of DATABASE_URL and REDIS_URL, or private ones started for the run."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import django
import pytest

if TYPE_CHECKING:
    from tests.stack import Stack

_running = ExitStack()


def pytest_configure() -> None:
    """Before Django reads its settings: start the stores."""
    from config.launch.stores import stores

    folder = Path(_running.enter_context(tempfile.TemporaryDirectory(prefix="test-stores-")))
    folder.chmod(0o755)  # Postgres refuses to run as root and runs as a user of its own
    os.environ.update(_running.enter_context(stores(folder)))
    os.environ.setdefault("MODEL_DIR", str(Path(__file__).parent.parent / "var" / "models"))
    os.environ["VAR_DIR"] = str(folder)
    os.environ.setdefault("SECRET_KEY", "only-for-tests-and-long-enough-to-please-the-checks-0123456789")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def pytest_unconfigure() -> None:
    _running.close()


@pytest.fixture(scope="session")
def database_url() -> str:
    """A Postgres server on which tests may make databases."""
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    return os.environ["REDIS_URL"]


@pytest.fixture(scope="module")
def new_stack(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., "Stack"]]:
    """Make a stack of real processes with a database and a Redis number of its own; stopped after the module."""
    from tests.stack import Stack, emptied_redis, new_database

    stacks: list[Stack] = []

    def make(**settings: str) -> Stack:
        folder = tmp_path_factory.mktemp("stack")
        own_redis = emptied_redis(redis_url, len(stacks) + 1)
        stack = Stack(new_database(database_url), own_redis, folder, settings)
        stacks.append(stack)
        stack.prepare()
        return stack

    yield make
    for stack in stacks:
        stack.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With FORBID_SKIPS a skipped test is a failed one: nothing goes untested unseen."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("FORBID_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which FORBID_SKIPS forbids: {report.longrepr}"
