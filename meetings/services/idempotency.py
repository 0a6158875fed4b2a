"""A program that does not know whether its request arrived sends it again, with the same `Idempotency-Key`."""

import hashlib
from datetime import timedelta
from uuid import UUID, uuid4, uuid5

from django.utils import timezone

from meetings.models import IdempotencyKey, User

KEPT = timedelta(days=7)


class KeyUsed(Exception):
    """The key belongs to another request."""


def id_for(owner: User, namespace: UUID, key: str, *asked: object) -> UUID:
    """The id of what is asked for: the same for the same key, a new one without. Raises KeyUsed.

    Call it in the transaction that makes it, so that a request that is refused leaves its key unused. `namespace` is
    one of each kind of thing.
    """
    if not key:
        return uuid4()
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()
    made = uuid5(namespace, f"{owner.pk}:{key}")
    known, _ = IdempotencyKey.objects.select_for_update().get_or_create(pk=made, defaults={"asked": digest})
    if known.asked != digest:
        raise KeyUsed
    return made


def forget(made: UUID) -> None:
    """What was made is gone: the key may be used for something else."""
    IdempotencyKey.objects.filter(pk=made).delete()


def forget_old() -> int:
    """After KEPT nobody sends it again; returns how many went."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
