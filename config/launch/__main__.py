"""`python -m config.launch`: everything on one machine, until Ctrl-C."""

import sys

from config.launch.errors import LaunchError
from config.launch.run import run

if __name__ == "__main__":
    try:
        sys.exit(run())
    except LaunchError as error:
        sys.exit(f"\ncannot start: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
