"""The log of who did what."""

from django.contrib import admin

from meetings.admin.lists import ReadOnly
from meetings.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """Read-only, also for administrators."""

    list_display = ("created_at", "action", "user", "by", "meeting_id")
    list_filter = ("action", "by")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__display_name", "meeting_id")
    date_hierarchy = "created_at"
    show_full_result_count = False
