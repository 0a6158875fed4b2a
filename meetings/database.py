"""Postgres and file storages from async code, without one slow call holding up the others."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")
_file_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="storage")  # a slow storage delays no query


async def in_database(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a synchronous call that uses the ORM in a thread of its own; its connection goes back to the pool."""

    def run() -> R:
        try:
            return call(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, run)


async def in_storage(call: Callable[[], R]) -> R:
    """Run a synchronous call that reads or writes files in a thread of its own; it must not use the ORM."""
    return await asyncio.get_running_loop().run_in_executor(_file_threads, call)
