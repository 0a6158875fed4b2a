"""What the lists of several models share."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from meetings.models import Meeting, User


class LanguageFilter(admin.AllValuesFieldListFilter):
    """Names also those without a language, which Django shows as a link without a text."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield choice | {"display": choice["display"] or _("none chosen")}


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Looked at here, changed elsewhere or by nobody, and deleted with what it belongs to."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeletedWhole(admin.ModelAdmin):  # type: ignore[type-arg]
    """Deleted with everything that belongs to it, also with what nobody deletes by itself."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def get_deleted_objects(self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest) -> tuple[Any, ...]:
        """How many of each kind go along; Django would show every line of a transcript."""
        _tree, counts, _not_alone, protected = super().get_deleted_objects(objs, request)
        return [str(each) for each in objs], counts, set(), protected


def review_link(meeting: Meeting, place: str = "") -> str:
    """To where the transcript and the names in it are changed."""
    if meeting.takes_audio:
        return str(_("The review begins when the meeting is over."))
    return format_html('<a href="{}{}">{}</a>', reverse("meeting-review", args=[meeting.code]), place, _("Review"))


def acting(request: HttpRequest) -> User:
    """Who acts; the admin lets nobody without an account in."""
    assert isinstance(request.user, User)
    return request.user
