"""For health checks of containers: `python -m config.reports KIND` asks whether the process in it still reports."""

import json
import socket
import sys
import time

from redis import Redis

from config.environment import read_environment

SECONDS = 15.0  # it reports every two


def reports(kind: str, redis_url: str) -> bool:
    """Whether a process of this kind on this host put its sheet into Redis just now; a hung one does not."""
    with Redis.from_url(redis_url, socket_timeout=5) as client:
        sheets = client.hgetall("measurements")
    own = [sheet for name, sheet in sheets.items() if name.decode().startswith(f"{kind}-{socket.gethostname()}-")]
    return any(time.time() - json.loads(sheet)["at"] < SECONDS for sheet in own)


if __name__ == "__main__":
    sys.exit(0 if reports(sys.argv[1], read_environment().redis_url) else 1)
