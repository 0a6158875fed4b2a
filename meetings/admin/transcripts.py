"""What was said, to be found and looked at; it is corrected on the review page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from meetings.admin.lists import LanguageFilter, ReadOnly, acting, review_link
from meetings.models import AudioStream, Segment, SegmentRevision
from meetings.services import audit_log
from meetings.times import clock


class RevisionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SegmentRevision
    fields = readonly_fields = ("revision", "what", "text_before", "text_after", "author_name", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DoubtFilter(admin.SimpleListFilter):
    title = _("confidence")
    parameter_name = "confidence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("low", _("unsure")), ("high", _("sure"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Segment]) -> QuerySet[Segment]:
        if self.value() == "low":
            return queryset.filter(confidence__lt=LOW_CONFIDENCE, kind=Segment.Kind.SPEECH)
        if self.value() == "high":
            return queryset.filter(confidence__gte=LOW_CONFIDENCE, kind=Segment.Kind.SPEECH)
        return queryset


LOW_CONFIDENCE = 0.5


@admin.register(Segment)
class SegmentAdmin(ReadOnly):
    list_display = ("time", "participant", "short_text", "confidence_share", "language", "meeting")
    list_display_links = ("short_text",)
    list_filter = ("kind", DoubtFilter, "reviewed", "hidden", ("language", LanguageFilter))
    list_select_related = ("participant", "meeting")
    search_fields = ("text", "participant__display_name", "meeting__title")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    fields = (
        "correct", "meeting", "participant", "time", "kind", "text", "recognised_text", "language", "confidence",
        "hidden", "reviewed", "revision",
    )  # fmt: skip
    inlines = (RevisionInline,)
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Its lines may be of many meetings: the entry names none."""
        page = super().changelist_view(request, extra_context)
        action = audit_log.Action.SEARCHED if request.GET.get("q") else audit_log.Action.READ
        audit_log.record(action, None, acting(request))
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        page = super().change_view(request, object_id, form_url, extra_context)
        if segment := self.get_object(request, object_id):
            audit_log.record(audit_log.Action.READ, segment.meeting_id, acting(request))
        return page

    @admin.display(description=_("correct"))
    def correct(self, segment: Segment) -> str:
        return review_link(segment.meeting, f"#s{segment.sequence}")

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
class AudioStreamAdmin(ReadOnly):
    list_display = ("participant", "sample_rate", "language", "started_at", "ended_at")
    list_select_related = ("participant",)
    search_fields = ("participant__display_name", "participant__meeting__title")
