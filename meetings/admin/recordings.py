"""Uploaded recordings, the work on them, and documents that take long."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from meetings.admin.lists import DeletedWhole, LanguageFilter, ReadOnly, acting
from meetings.models import Document, Job, Recording, SecondPass
from meetings.services import audit_log, documents, recordings, second_pass, uploads


class JobInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Job
    fields = readonly_fields = ("stage", "reason", "done_ms", "length_ms", "created_at", "alive_at", "ended_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Recording)
class RecordingAdmin(DeletedWhole, ReadOnly):
    list_display = ("title", "owner", "stage", "done", "size", "created_at", "transcript")
    list_filter = ("job__stage", "created_at", ("language", LanguageFilter))
    list_select_related = ("owner", "job", "meeting")
    search_fields = ("title", "owner__email", "owner__display_name")
    date_hierarchy = "created_at"
    fields = ("title", "owner", "transcript", "language", "size", "created_at")
    inlines = (JobInline,)
    actions = ("retry", "cancel")

    @admin.display(description=_("stage"), ordering="job__stage")
    def stage(self, recording: Recording) -> str:
        return recording.job.get_stage_display()

    @admin.display(description=_("transcribed"))
    def done(self, recording: Recording) -> str:
        return f"{recording.job.share:.0%}"

    @admin.display(description=_("size"), ordering="size_bytes")
    def size(self, recording: Recording) -> str:
        return filesizeformat(recording.size_bytes)

    @admin.display(description=_("transcript"))
    def transcript(self, recording: Recording) -> str:
        if recording.meeting is None:
            return "–"
        path = reverse("meeting-transcript", args=[recording.meeting.code])
        return format_html('<a href="{}">{}</a>', path, _("Read"))

    @admin.action(description=_("Try the failed ones again"), permissions=["manage"])
    def retry(self, request: HttpRequest, chosen: QuerySet[Recording]) -> None:
        for recording in chosen.select_related("job"):
            if recordings.retry(recording):
                self.message_user(request, _("%(title)s waits for a worker.") % {"title": recording})
            else:
                refusal = _("%(title)s did not fail, or its file is gone.") % {"title": recording}
                self.message_user(request, refusal, messages.ERROR)

    @admin.action(description=_("Cancel the work on the selected ones"), permissions=["manage"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Recording]) -> None:
        for recording in chosen.select_related("job"):
            recordings.cancel(recording)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("meetings.change_recording")

    def delete_model(self, request: HttpRequest, obj: Recording) -> None:
        audit_log.record(audit_log.Action.DELETED, obj.meeting_id, acting(request))
        uploads.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Recording]) -> None:
        for recording in queryset:
            self.delete_model(request, recording)


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ("recording", "stage", "reason", "done_ms", "length_ms", "created_at", "alive_at", "ended_at")
    list_filter = ("stage", "reason", "created_at")
    list_select_related = ("recording",)
    search_fields = ("recording__title", "recording__owner__email")
    date_hierarchy = "created_at"


@admin.register(SecondPass)
class SecondPassAdmin(ReadOnly):
    list_display = ("meeting", "stage", "done", "reason", "model", "created_at", "started_at", "ended_at")
    list_filter = ("stage", "created_at")
    list_select_related = ("meeting",)
    search_fields = ("meeting__title", "meeting__host__email")
    date_hierarchy = "created_at"
    fields = ("meeting", "stage", "done", "reason", "model", "unplaced", "created_at", "started_at", "ended_at")
    readonly_fields = ("done",)
    actions = ("retry",)

    @admin.display(description=_("listened to"))
    def done(self, job: SecondPass) -> str:
        return f"{job.percent} %"

    @admin.action(description=_("Try the failed ones again"), permissions=["manage"])
    def retry(self, request: HttpRequest, chosen: QuerySet[SecondPass]) -> None:
        for job in chosen.select_related("meeting"):
            if second_pass.retry(job.meeting_id):
                audit_log.record(audit_log.Action.CHANGED, job.meeting_id, acting(request))
                self.message_user(request, _("%(title)s waits for a worker.") % {"title": job.meeting})
            else:
                refusal = _("%(title)s did not fail, or its audio is gone.") % {"title": job.meeting}
                self.message_user(request, refusal, messages.ERROR)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("meetings.change_secondpass")


@admin.register(Document)
class DocumentAdmin(DeletedWhole, ReadOnly):
    list_display = ("meeting", "extension", "stage", "percent", "reason", "created_at")
    list_filter = ("stage", "extension")
    list_select_related = ("meeting",)
    search_fields = ("meeting__title",)
    fields = ("meeting", "extension", "options", "stage", "percent", "reason", "created_at", "alive_at")

    def delete_model(self, request: HttpRequest, obj: Document) -> None:
        audit_log.record(audit_log.Action.DELETED, obj.meeting_id, acting(request))
        documents.delete(Document.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        for document in queryset:
            self.delete_model(request, document)
