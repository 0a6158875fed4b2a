"""For health checks of containers: `python config/alive.py URL` asks as the proxy would."""

import os
import sys
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

SECONDS = 4.0


def is_alive(url: str, base_url: str) -> bool:
    """Whether `url` answers 2xx to a request for the host of `base_url`."""
    headers = {"Host": urlsplit(base_url).netloc, "X-Forwarded-Proto": urlsplit(base_url).scheme}
    try:
        with urlopen(Request(url, headers=headers), timeout=SECONDS) as answer:  # noqa: S310  (from the compose file)
            return bool(200 <= answer.status < 300)
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(sys.argv[1], os.environ.get("BASE_URL", "http://localhost")) else 1)
