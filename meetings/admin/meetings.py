"""Meetings and the people in them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, F, FloatField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from meetings.admin.lists import DeletedWhole, LanguageFilter, ReadOnly, acting, review_link
from meetings.forms import MeetingAdminForm
from meetings.hearing_again import model_name
from meetings.models import AudioStream, KeptPiece, Meeting, Participant, Segment
from meetings.services import audit_log, privacy, review, second_pass
from meetings.services.archive import minutes_archive
from meetings.services.corrections import Author, CorrectionRefused
from meetings.times import duration
from transcription.captions import SAMPLE_RATE


class ParticipantInline(admin.TabularInline):  # type: ignore[type-arg]
    """Named on the review page, where that is noted; their roles are given in the room."""

    model = Participant
    fields = ("display_name", "role", "user", "joined_at", "left_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _count(model: type[Participant] | type[Segment]) -> Coalesce:
    """How many rows a meeting has; one subquery each, as joining both would multiply them."""
    rows = model.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


def _speakers() -> Coalesce:
    said = Segment.objects.filter(meeting=OuterRef("pk"), kind=Segment.Kind.SPEECH).order_by().values("meeting")
    return Coalesce(Subquery(said.annotate(count=Count("participant", distinct=True)).values("count")), 0)


LOW_CONFIDENCE = 0.5
MOST = {"md": 100, "docx": 20}  # meetings in one archive, by how long a document takes


def share_of_lines(**part: Any) -> Subquery:
    """Which share of a meeting's spoken lines the condition holds for; null without lines."""
    spoken = Segment.objects.filter(meeting=OuterRef("pk"), kind=Segment.Kind.SPEECH).order_by().values("meeting")
    share = Cast(Count("pk", filter=Q(**part)), FloatField()) / NullIf(Count("pk"), 0)
    return Subquery(spoken.annotate(share=share).values("share"))


def _arrived() -> Subquery:
    """Which share of the audio that should be there arrived: speech against speech and gaps; null without either."""
    lines = Segment.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting")
    length = F("end_ms") - F("start_ms")
    spoken = Sum(length, filter=Q(kind=Segment.Kind.SPEECH), default=0)
    return Subquery(lines.annotate(share=Cast(spoken, FloatField()) / NullIf(Sum(length), 0)).values("share"))


def _covered() -> CombinedExpression:
    """Which share of the speech that voice activity heard is text; null where there was none, or nobody counted."""
    spoken = Segment.objects.filter(meeting=OuterRef("pk"), kind=Segment.Kind.SPEECH, hidden=False).order_by()
    text_ms = Coalesce(Subquery(spoken.values("meeting").annotate(ms=Sum(F("end_ms") - F("start_ms"))).values("ms")), 0)
    streams = AudioStream.objects.filter(participant__meeting=OuterRef("pk")).order_by().values("participant__meeting")
    wordless_ms = Subquery(streams.annotate(ms=Sum("wordless_samples") * 1_000 / SAMPLE_RATE).values("ms"))
    return Cast(text_ms, FloatField()) / NullIf(text_ms + wordless_ms, 0)


def _kept_bytes() -> Coalesce:
    pieces = KeptPiece.objects.filter(stream__participant__meeting=OuterRef("pk")).order_by()
    meeting = pieces.values("stream__participant__meeting")
    return Coalesce(Subquery(meeting.annotate(size=Sum("size_bytes")).values("size")), 0)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


@admin.register(Meeting)
class MeetingAdmin(DeletedWhole):
    list_display = (
        "title", "host", "status", "review", "started_at", "length", "people", "speakers", "lines", "arrival",
        "coverage", "unsure", "storage", "transcript",
    )  # fmt: skip
    list_filter = ("status", "review", "visibility", "started_at", ("language", LanguageFilter))
    actions = ("export_minutes", "export_word", "approve", "transcribe_again")
    list_select_related = ("host",)
    search_fields = ("title", "agenda", "host__email", "host__display_name", "participants__display_name", "code")
    date_hierarchy = "started_at"
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
            "speaker_count": _speakers(),
            "arrived": _arrived(),
            "covered": _covered(),
            "low_confidence": share_of_lines(confidence__lt=LOW_CONFIDENCE),
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

    @admin.display(description=_("speakers"), ordering="speaker_count")
    def speakers(self, meeting: Any) -> int:
        """Those who said something."""
        return int(meeting.speaker_count)

    @admin.display(description=_("lines"), ordering="segment_count")
    def lines(self, meeting: Any) -> int:
        return int(meeting.segment_count)

    @admin.display(description=_("kept audio"), ordering="kept_bytes")
    def storage(self, meeting: Any) -> str:
        return filesizeformat(meeting.kept_bytes) if meeting.kept_bytes else "–"

    @admin.display(description=_("audio arrived"), ordering="arrived")
    def arrival(self, meeting: Any) -> str:
        return _percent(meeting.arrived)

    @admin.display(description=_("speech in the text"), ordering="covered")
    def coverage(self, meeting: Any) -> str:
        return _percent(meeting.covered)

    @admin.display(description=_("unsure lines"), ordering="low_confidence")
    def unsure(self, meeting: Any) -> str:
        return _percent(meeting.low_confidence)

    @admin.action(description=_("Download the minutes of the selected meetings"), permissions=["view"])
    def export_minutes(self, request: HttpRequest, chosen: QuerySet[Meeting]) -> HttpResponse | None:
        return self._archive(request, chosen, "md")

    @admin.action(description=_("Download the minutes of the selected meetings as Word"), permissions=["view"])
    def export_word(self, request: HttpRequest, chosen: QuerySet[Meeting]) -> HttpResponse | None:
        return self._archive(request, chosen, "docx")

    def _archive(self, request: HttpRequest, chosen: QuerySet[Meeting], extension: str) -> HttpResponse | None:
        meetings = list(chosen.select_related("host")[: MOST[extension] + 1])
        if len(meetings) > MOST[extension]:
            self.message_user(request, _("That is too much for one archive: choose fewer meetings."), messages.ERROR)
            return None
        for meeting in meetings:
            audit_log.record(audit_log.Action.EXPORTED, meeting.pk, acting(request))
        headers = {"Content-Disposition": 'attachment; filename="minutes.zip"'}
        return HttpResponse(minutes_archive(meetings, extension), content_type="application/zip", headers=headers)

    @admin.action(description=_("Approve the transcripts of the selected meetings"), permissions=["approve"])
    def approve(self, request: HttpRequest, chosen: QuerySet[Meeting]) -> None:
        for meeting in chosen:
            try:
                review.approve(meeting, Author(str(request.user)))
            except CorrectionRefused as refusal:
                self.message_user(request, f"{meeting}: {refusal.message}", messages.ERROR)
            else:
                audit_log.record(audit_log.Action.CHANGED, meeting.pk, acting(request))
                self.message_user(request, _("%(title)s is approved and locked.") % {"title": meeting})

    @admin.action(description=_("Transcribe the kept audio of the selected meetings again"), permissions=["approve"])
    def transcribe_again(self, request: HttpRequest, chosen: QuerySet[Meeting]) -> None:
        """What is heard otherwise is suggested on the review page; no line changes by itself."""
        model = model_name()
        if not model:
            self.message_user(request, _("No model is set up here for a second pass."), messages.ERROR)
            return
        for meeting in chosen:
            try:
                second_pass.request(meeting, model)
            except second_pass.NothingKept:
                refusal = _("%(title)s: there is no kept audio, or the meeting goes on.") % {"title": meeting}
                self.message_user(request, refusal, messages.ERROR)
            else:
                audit_log.record(audit_log.Action.CHANGED, meeting.pk, acting(request))
                self.message_user(request, _("%(title)s waits for a worker.") % {"title": meeting})

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """Reviewers approve, as on the review page."""
        return request.user.has_perm("meetings.change_segment")

    def save_model(self, request: HttpRequest, obj: Meeting, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit_log.record(audit_log.Action.CHANGED, obj.pk, acting(request))

    def delete_model(self, request: HttpRequest, obj: Meeting) -> None:
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Meeting]) -> None:
        self._delete(request, list(queryset))

    def _delete(self, request: HttpRequest, meetings: list[Meeting]) -> None:
        for meeting in meetings:
            audit_log.record(audit_log.Action.DELETED, meeting.pk, acting(request))
        privacy.delete_meetings(meetings)

    @admin.display(description=_("transcript"))
    def transcript(self, meeting: Meeting) -> str:
        links = [("meeting-transcript", _("Read"))]
        if not meeting.takes_audio:
            links.append(("meeting-review", _("Review")))
        return format_html_join(
            " · ", '<a href="{}">{}</a>', ((reverse(name, args=[meeting.code]), label) for name, label in links)
        )


@admin.register(Participant)
class ParticipantAdmin(ReadOnly):
    list_display = ("display_name", "role", "meeting", "user", "joined_at", "left_at")
    list_filter = ("role",)
    list_select_related = ("meeting", "user")
    search_fields = ("display_name", "user__email", "meeting__title")
    fields = ("rename", "display_name", "role", "meeting", "user", "joined_at", "left_at")
    actions = ("anonymise",)

    @admin.display(description=_("rename"))
    def rename(self, participant: Participant) -> str:
        return review_link(participant.meeting)

    @admin.action(description=_("Anonymise the selected participants"), permissions=["anonymise"])
    def anonymise(self, request: HttpRequest, chosen: QuerySet[Participant]) -> None:
        for participant in chosen.select_related("meeting"):
            privacy.anonymise(participant)
            audit_log.record(audit_log.Action.ANONYMISED, participant.meeting_id, acting(request))
        told = _(
            "Their names and accounts are gone, with all kept audio of the microphones and uploads that have lines of"
            " theirs, whoever else speaks there. Names within the text stay."
        )
        self.message_user(request, told)

    def has_anonymise_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("meetings.change_participant")
