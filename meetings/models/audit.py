"""Who read, changed, exported and deleted what."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from meetings.models.people import User


class AuditEntry(models.Model):
    """Who did what with which meeting. It outlives the meeting, so it holds no title, name or text of it."""

    class Action(models.TextChoices):
        READ = "read", _("Read")
        LISTENED = "listened", _("Listened to the audio")
        SEARCHED = "searched", _("Searched")
        EXPORTED = "exported", _("Exported")
        CHANGED = "changed", _("Changed")
        SHARED = "shared", _("Shared")
        ANONYMISED = "anonymised", _("Anonymised a participant")
        DELETED = "deleted", _("Deleted")

    action = models.CharField(_("action"), max_length=12, choices=Action.choices)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("account"))
    by = models.CharField(_("by"), max_length=12)  # account, guest, link, program or retention
    meeting_id = models.UUIDField(_("meeting"), null=True, db_index=True)  # no key: deleted meetings stay in the log
    created_at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.action}"
