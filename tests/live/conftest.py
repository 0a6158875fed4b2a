"""Stacks of real processes for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import NewStack, Stack, new_database


@pytest.fixture(scope="module")
def new_stack(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStack]:
    """Make a stack with a database of its own; all are stopped at the end of the module."""
    stacks: list[Stack] = []

    def make(**settings: str) -> Stack:
        folder: Path = tmp_path_factory.mktemp("stack")
        stack = Stack(new_database(database_url), redis_url, folder, settings)
        stacks.append(stack)
        stack.prepare()
        return stack

    yield make
    for stack in stacks:
        stack.stop()
