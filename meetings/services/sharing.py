"""Links that let others read a meeting: random, stored as hashes only, expiring, revocable."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from meetings.models import Meeting, ShareLink, User

MAX_LINKS = 50  # that work, of one meeting


class TooManyLinks(Exception):
    """The meeting has MAX_LINKS working links: revoke one first."""


def working_links(meeting: Meeting) -> QuerySet[ShareLink]:
    return meeting.links.filter(revoked_at=None, expires_at__gt=timezone.now()).select_related("made_by")


def make_link(meeting: Meeting, user: User, days: int) -> str:
    """Make a link that works for `days`; its token is known only now. Raises TooManyLinks."""
    if working_links(meeting).count() >= MAX_LINKS:
        raise TooManyLinks
    token = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(days=days)
    ShareLink.objects.create(meeting=meeting, token_hash=_hash(token), made_by=user, expires_at=expires_at)
    return token


def revoke_link(link: ShareLink) -> None:
    """It stops working at once; a second call changes nothing."""
    ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())


def open_link(token: str) -> ShareLink | None:
    """The working link of a token; notes that it was used."""
    working = ShareLink.objects.filter(token_hash=_hash(token), revoked_at=None, expires_at__gt=timezone.now())
    link = working.select_related("meeting__host").first()
    if link is not None:
        ShareLink.objects.filter(pk=link.pk).update(last_used_at=timezone.now())
    return link


def _hash(token: str) -> str:
    """Tokens are long and random: a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()
