"""The administrators' pages: meetings, people and what was said, searchable."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from meetings.forms import MeetingAdminForm
from meetings.models import AudioStream, Meeting, Participant, Segment, SegmentRevision, User
from meetings.services.corrections import correct_text
from meetings.times import clock, duration

admin.site.site_header = admin.site.site_title = _("Meeting transcription")
admin.site.index_title = _("Administration")


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
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


class ParticipantInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Participant
    fields = ("display_name", "role", "user", "joined_at", "left_at")
    readonly_fields = ("user", "joined_at", "left_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _count(model: type[Participant] | type[Segment]) -> Coalesce:
    """How many rows a meeting has; one subquery each, as joining both would multiply them."""
    rows = model.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


@admin.register(Meeting)
class MeetingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "host", "status", "started_at", "length", "people", "lines", "transcript")
    list_filter = ("status", "language")
    list_select_related = ("host",)
    search_fields = ("title", "agenda", "host__email", "host__display_name", "participants__display_name", "code")
    date_hierarchy = "created_at"
    readonly_fields = (
        "code",
        "status",
        "planned_at",
        "planned_minutes",
        "created_at",
        "started_at",
        "ended_at",
        "transcript",
    )
    autocomplete_fields = ("host",)
    form = MeetingAdminForm
    inlines = (ParticipantInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        counts = {"participant_count": _count(Participant), "segment_count": _count(Segment)}
        meetings: QuerySet[Meeting] = super().get_queryset(request).annotate(**counts)
        return meetings

    @admin.display(description=_("duration"))
    def length(self, meeting: Meeting) -> str:
        return duration(meeting.offset_ms(meeting.ended_at or timezone.now())) if meeting.started_at else "–"

    @admin.display(description=_("people"), ordering="participant_count")
    def people(self, meeting: Any) -> int:
        return int(meeting.participant_count)

    @admin.display(description=_("lines"), ordering="segment_count")
    def lines(self, meeting: Any) -> int:
        return int(meeting.segment_count)

    @admin.display(description=_("transcript"))
    def transcript(self, meeting: Meeting) -> str:
        return format_html('<a href="{}">{}</a>', reverse("meeting-transcript", args=[meeting.code]), _("Read"))


@admin.register(Participant)
class ParticipantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("display_name", "role", "meeting", "user", "joined_at", "left_at")
    list_filter = ("role",)
    list_select_related = ("meeting", "user")
    search_fields = ("display_name", "user__email", "meeting__title")
    readonly_fields = ("meeting", "user", "color", "joined_at", "left_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class RevisionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SegmentRevision
    fields = readonly_fields = ("revision", "text_before", "text_after", "author_name", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Segment)
class SegmentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A changed text becomes a revision; what the recogniser heard stays."""

    list_display = ("time", "participant", "short_text", "confidence_share", "language", "meeting")
    list_display_links = ("short_text",)
    list_filter = ("kind", "language")
    list_select_related = ("participant", "meeting")
    search_fields = ("text", "participant__display_name", "meeting__title")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    fields = ("meeting", "participant", "time", "kind", "text", "recognised_text", "language", "confidence", "revision")
    readonly_fields = tuple(name for name in fields if name != "text")
    inlines = (RevisionInline,)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        if "text" in form.changed_data:
            correct_text(obj.pk, form.cleaned_data["text"], author_name=str(request.user))

    @admin.display(description=_("time"), ordering="start_ms")
    def time(self, segment: Segment) -> str:
        return clock(segment.start_ms)

    @admin.display(description=_("text"))
    def short_text(self, segment: Segment) -> str:
        text = segment.text if segment.kind == Segment.Kind.SPEECH else f"({segment.get_kind_display()})"
        return text if len(text) <= 100 else f"{text[:100]}…"

    @admin.display(description=_("confidence"), ordering="confidence")
    def confidence_share(self, segment: Segment) -> str:
        return f"{segment.confidence:.0%}" if segment.kind == Segment.Kind.SPEECH else "–"


@admin.register(AudioStream)
class AudioStreamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("participant", "sample_rate", "language", "started_at", "ended_at")
    list_select_related = ("participant",)
    search_fields: ClassVar = ("participant__display_name", "participant__meeting__title")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
