"""The administrators' pages: meetings, people, what was said and what was uploaded, searchable."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from meetings.admin import accounts, audit, meetings, recordings, transcripts

__all__ = ["accounts", "audit", "meetings", "recordings", "transcripts"]

admin.site.site_header = admin.site.site_title = _("Meeting transcription")
admin.site.index_title = _("Administration")
