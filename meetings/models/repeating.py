"""Requests of programs that may be sent again."""

from django.db import models


class IdempotencyKey(models.Model):
    """What was asked for with a key. Its id is made of owner and key, and is the id of what was made."""

    id = models.UUIDField(primary_key=True, editable=False)
    asked = models.CharField(max_length=64)  # SHA-256 of the request, hexadecimal
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return str(self.pk)
