"""What the host makes of a meeting afterwards."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting


class Minutes(models.Model):
    """What the host made of a meeting afterwards; until it is first saved, documents show what people marked."""

    class Template(models.TextChoices):
        FORMAL = "formal", _("Formal: everything, the transcript as an appendix")
        SHORT = "short", _("Short: results without notes and transcript")
        TRANSCRIPT = "transcript", _("Transcript only")

    meeting = models.OneToOneField(Meeting, on_delete=models.CASCADE, related_name="minutes")
    place = models.CharField(_("place"), max_length=200, blank=True)
    chair = models.CharField(_("chair"), max_length=80, blank=True)
    absent = models.CharField(
        _("also absent"), max_length=1_000, blank=True, help_text=_("Invited, and never came; commas between names.")
    )  # beside those who had a seat and never entered
    summary = models.TextField(_("summary"), max_length=10_000, blank=True)
    machine_summary = models.BooleanField(_("the summary is machine-made, and says so"), default=False)
    next_meeting = models.CharField(_("next meeting"), max_length=200, blank=True)
    template = models.CharField(_("template"), max_length=12, choices=Template.choices, default=Template.FORMAL)
    discussion = models.JSONField(default=list, blank=True)  # [{"item", "text"}], as the agenda has them
    decisions = models.JSONField(default=list, blank=True)  # [{"text", "at_ms", "evidence": sequences, "machine"}]
    actions = models.JSONField(default=list, blank=True)  # as decisions, with "owner", "due" and "done"
    revision = models.PositiveIntegerField(default=0)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)  # then nothing changes any more
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)

    def __str__(self) -> str:
        return f"Minutes of {self.meeting}"
