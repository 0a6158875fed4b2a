"""Tokens of programs: made once, shown once, kept as a digest, taken back at any time."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models import ApiToken, User

START = "mtx_"  # so that people and scanners of leaked secrets recognise one
SHOWN = len(START) + 6  # characters by which its owner tells it from others
MAX_TOKENS = 50  # of one person, those taken back left out
NOTED_EVERY = timedelta(minutes=1)

SCOPES = {
    "meetings:read": _("Read meetings, transcripts and minutes"),
    "meetings:write": _("Make, change and end meetings"),
    "segments:write": _("Correct what was said"),
    "jobs": _("Transcribe files"),
    "webhooks": _("Be told what happens"),
    "stream": _("Stream speech and take part in meetings"),
}


class TooManyTokens(Exception):
    """Take one back first."""


def issue(user: User, name: str, scopes: Sequence[str], lifetime: timedelta | None) -> tuple[ApiToken, str]:
    """Make a token; the text is nowhere else afterwards. Raises TooManyTokens."""
    if living(user).count() >= MAX_TOKENS:
        raise TooManyTokens
    text = START + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        shown=text[:SHOWN],
        digest=_digest(text),
        scopes=[scope for scope in SCOPES if scope in scopes],
        expires_at=timezone.now() + lifetime if lifetime else None,
    )
    return token, text


def living(user: User) -> "QuerySet[ApiToken]":
    """Of a person, newest first; expired ones too."""
    return ApiToken.objects.filter(user=user, revoked_at=None)


def holder(text: str) -> ApiToken | None:
    """The token with its user; None when it is unknown, taken back, expired, or its user may not sign in."""
    now = timezone.now()
    token = _valid().select_related("user").filter(digest=_digest(text)).first()
    if token and (token.last_used_at is None or now - token.last_used_at > NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def is_valid(token_id: int) -> bool:
    """Whether a token that was shown before still opens anything."""
    return _valid().filter(pk=token_id).exists()


def _valid() -> QuerySet[ApiToken]:
    unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiToken.objects.filter(unexpired, revoked_at=None, user__is_active=True)


def revoke(user: User, token_id: int) -> bool:
    """From now on it opens nothing; False when the person has no such token."""
    return bool(living(user).filter(pk=token_id).update(revoked_at=timezone.now()))


def _digest(text: str) -> str:
    """256 random bits need no salt and no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
