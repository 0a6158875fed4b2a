"""Accounts and their roles."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from meetings.admin.lists import DeletedWhole, acting
from meetings.models import Recording, User
from meetings.services import audit_log, uploads


@admin.register(User)
class AccountAdmin(DeletedWhole, UserAdmin):  # type: ignore[type-arg]
    list_display = ("email", "display_name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "display_name")
    ordering = ("email",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("email", "display_name", "password")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets: Any = ((None, {"fields": ("email", "display_name", "usable_password", "password1", "password2")}),)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """With the files of what they uploaded."""
        for recording in Recording.objects.filter(owner=obj):
            audit_log.record(audit_log.Action.DELETED, recording.meeting_id, acting(request))
            uploads.delete(recording)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in queryset:
            self.delete_model(request, account)
