"""The administrators' pages: meetings, people and what was said, searchable."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, F, FloatField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from meetings.forms import MeetingAdminForm
from meetings.models import AudioStream, AuditEntry, KeptPiece, Meeting, Participant, Segment, SegmentRevision, User
from meetings.redis import with_redis
from meetings.services import audit_log, privacy
from meetings.services.archive import minutes_archive
from meetings.services.corrections import Author, CorrectionRefused, Line, announce, correct_text
from meetings.times import clock, duration

admin.site.site_header = admin.site.site_title = _("Meeting transcription")
admin.site.index_title = _("Administration")


class LanguageFilter(admin.AllValuesFieldListFilter):
    """Names also those without a language, which Django shows as a link without a text."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield choice | {"display": choice["display"] or _("none chosen")}


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


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin lets nobody else in
    return request.user


def _count(model: type[Participant] | type[Segment]) -> Coalesce:
    """How many rows a meeting has; one subquery each, as joining both would multiply them."""
    rows = model.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


LOW_CONFIDENCE = 0.5
MAX_EXPORTED = 100  # meetings in one archive


def _share_of_lines(**part: Any) -> Subquery:
    """Which share of a meeting's spoken lines the condition holds for; null without lines."""
    spoken = Segment.objects.filter(meeting=OuterRef("pk"), kind=Segment.Kind.SPEECH).order_by().values("meeting")
    share = Cast(Count("pk", filter=Q(**part)), FloatField()) / NullIf(Count("pk"), 0)
    return Subquery(spoken.annotate(share=share).values("share"))


def _coverage() -> Subquery:
    """Which share of the audio that should be there arrived: speech against speech and gaps; null without either."""
    lines = Segment.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting")
    length = F("end_ms") - F("start_ms")
    spoken = Sum(length, filter=Q(kind=Segment.Kind.SPEECH), default=0)
    return Subquery(lines.annotate(share=Cast(spoken, FloatField()) / NullIf(Sum(length), 0)).values("share"))


def _kept_bytes() -> Coalesce:
    pieces = KeptPiece.objects.filter(stream__participant__meeting=OuterRef("pk")).order_by()
    meeting = pieces.values("stream__participant__meeting")
    return Coalesce(Subquery(meeting.annotate(size=Sum("size_bytes")).values("size")), 0)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


@admin.register(Meeting)
class MeetingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "title", "host", "status", "review", "started_at", "length", "people", "lines", "coverage", "unsure",
        "storage", "transcript",
    )  # fmt: skip
    list_filter = ("status", "review", "visibility", "started_at", ("language", LanguageFilter))
    actions = ("export_minutes",)
    list_select_related = ("host",)
    search_fields = ("title", "agenda", "host__email", "host__display_name", "participants__display_name", "code")
    date_hierarchy = "created_at"
    readonly_fields = (
        "code",
        "status",
        "visibility",
        "review",
        "planned_at",
        "planned_minutes",
        "keep_audio",  # a host does that in the room, where everybody sees it
        "created_at",
        "started_at",
        "ended_at",
        "transcript",
    )
    autocomplete_fields = ("host",)
    form = MeetingAdminForm
    inlines = (ParticipantInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        counts = {
            "participant_count": _count(Participant),
            "segment_count": _count(Segment),
            "covered": _coverage(),
            "low_confidence": _share_of_lines(confidence__lt=LOW_CONFIDENCE),
            "kept_bytes": _kept_bytes(),
        }
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

    @admin.display(description=_("kept audio"), ordering="kept_bytes")
    def storage(self, meeting: Any) -> str:
        return filesizeformat(meeting.kept_bytes) if meeting.kept_bytes else "–"

    @admin.display(description=_("audio arrived"), ordering="covered")
    def coverage(self, meeting: Any) -> str:
        return _percent(meeting.covered)

    @admin.display(description=_("unsure lines"), ordering="low_confidence")
    def unsure(self, meeting: Any) -> str:
        return _percent(meeting.low_confidence)

    @admin.action(description=_("Download the minutes of the selected meetings"), permissions=["view"])
    def export_minutes(self, request: HttpRequest, chosen: QuerySet[Meeting]) -> HttpResponse | None:
        meetings = list(chosen.select_related("host")[: MAX_EXPORTED + 1])
        if len(meetings) > MAX_EXPORTED:
            self.message_user(request, _("That is too much for one archive: choose fewer meetings."), messages.ERROR)
            return None
        for meeting in meetings:
            audit_log.record(audit_log.Action.EXPORTED, meeting.pk, _user(request))
        headers = {"Content-Disposition": 'attachment; filename="minutes.zip"'}
        return HttpResponse(minutes_archive(meetings), content_type="application/zip", headers=headers)

    def save_model(self, request: HttpRequest, obj: Meeting, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit_log.record(audit_log.Action.CHANGED, obj.pk, _user(request))

    def delete_model(self, request: HttpRequest, obj: Meeting) -> None:
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Meeting]) -> None:
        self._delete(request, list(queryset))

    def _delete(self, request: HttpRequest, meetings: list[Meeting]) -> None:
        for meeting in meetings:
            audit_log.record(audit_log.Action.DELETED, meeting.pk, _user(request))
        privacy.delete_meetings(meetings)

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
    actions = ("anonymise",)

    @admin.action(description=_("Anonymise the selected participants"), permissions=["change"])
    def anonymise(self, request: HttpRequest, chosen: QuerySet[Participant]) -> None:
        for participant in chosen.select_related("meeting"):
            privacy.anonymise(participant)
            audit_log.record(audit_log.Action.ANONYMISED, participant.meeting_id, _user(request))
        self.message_user(request, _("Their names and accounts are gone. Names within the text stay."))

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
    list_filter = ("kind", ("language", LanguageFilter))
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
            self._correct(request, obj, form.cleaned_data["text"])

    def _correct(self, request: HttpRequest, segment: Segment, text: str) -> None:
        line = Line(segment.sequence, segment.revision)
        try:
            changed = correct_text(segment.meeting, line, text, Author(str(request.user)))
        except CorrectionRefused as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            with_redis(partial(announce, [changed]))
            audit_log.record(audit_log.Action.CHANGED, segment.meeting_id, _user(request))

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


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read-only, also for administrators."""

    list_display = ("created_at", "action", "user", "by", "meeting_id")
    list_filter = ("action", "by")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__display_name", "meeting_id")
    date_hierarchy = "created_at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
