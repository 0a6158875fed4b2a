"""What the lists of several models share."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from meetings.models import User


class LanguageFilter(admin.AllValuesFieldListFilter):
    """Names also those without a language, which Django shows as a link without a text."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield choice | {"display": choice["display"] or _("none chosen")}


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Looked at here, changed elsewhere or by nobody."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def acting(request: HttpRequest) -> User:
    """Who acts; the admin lets nobody without an account in."""
    assert isinstance(request.user, User)
    return request.user
