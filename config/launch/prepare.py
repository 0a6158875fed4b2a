"""`python -m config.launch.prepare`: what the database and the pages need, in one go; prints the sign-in link.

One process, for Django takes longer to start than all of this.
"""

import os

import django
from django.core.management import call_command


def prepare() -> None:
    """Bring the database up to date, collect the static files and print a link for the first administrator."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("signin_link")


if __name__ == "__main__":
    prepare()
