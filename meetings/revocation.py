"""Whoever signs out, is removed or changes the password loses their sockets at once: those are told to look again."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY as SIGNED_IN_USER
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from meetings import fanout
from meetings.models import Participant, User
from meetings.services.access import SESSION_KEY

DECIDING = {"password", "is_active"}  # fields of a user that decide who is signed in


@receiver(post_delete, sender=Session)
def _session_ended(instance: Session, **_kwargs: Any) -> None:
    content = instance.get_decoded()
    _recheck(content.get(SESSION_KEY, {}).values())
    _recheck(_participations(content.get(SIGNED_IN_USER)))


@receiver(post_save, sender=User)
def _account_changed(instance: User, created: bool, update_fields: frozenset[str] | None, **_kwargs: Any) -> None:
    if not created and (update_fields is None or DECIDING & update_fields):
        _recheck(_participations(instance.pk))


@receiver(post_delete, sender=Participant)
def _removed(instance: Participant, **_kwargs: Any) -> None:
    _recheck([instance.pk])


def _participations(user_id: int | str | None) -> Iterable[UUID]:
    return Participant.objects.filter(user_id=user_id).values_list("pk", flat=True) if user_id else []


def _recheck(participant_ids: Iterable[UUID]) -> None:
    for participant_id in participant_ids:
        transaction.on_commit(partial(fanout.recheck, participant_id))
