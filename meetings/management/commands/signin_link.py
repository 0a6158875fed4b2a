"""`manage.py signin_link`: a one-time link to sign in with, making the first administrator if there is none."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.urls import reverse
from sesame.utils import get_query_string

from meetings.models import User


class Command(BaseCommand):
    help = "Prints a link that signs in once, within a day. Makes the first administrator if there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", default="", help="whose link; without it the first administrator's")

    def handle(self, *args: Any, **options: Any) -> None:
        user = _account(options["email"].strip().lower())
        self.stdout.write(f"{settings.BASE_URL}{reverse('signin-link')}{get_query_string(user)}")


def _account(email: str) -> User:
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    if not administrators.exists():
        return _first_administrator(email or "admin@localhost")
    found = User.objects.filter(email=email).first() if email else administrators.order_by("pk").first()
    if found is None:
        raise CommandError(f"there is no account with the address {email}")
    return found


def _first_administrator(email: str) -> User:
    """Make it; whoever signed up under that address before does not become one."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{email} is no email address") from error
    if User.objects.filter(email=email).exists():
        raise CommandError(f"{email} is an ordinary account: give the administrator another address with --email")
    return User.objects.create_superuser(email, display_name="Administrator")
