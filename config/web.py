"""Serves the site: `python -m config.web -b 127.0.0.1 -p 8000`. Daphne with its own options, on uvloop's event loop.

Daphne makes its loop when it is imported, so the policy comes first.
"""

import asyncio
import sys

import uvloop

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

from daphne.cli import CommandLineInterface  # noqa: E402

if __name__ == "__main__":
    CommandLineInterface().run(["-v", "0", *sys.argv[1:], "config.asgi:application"])
