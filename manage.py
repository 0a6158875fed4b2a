#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from config.observing import observe

    observe(settings.ENVIRONMENT, sys.argv[1] if len(sys.argv) > 1 else "manage")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
