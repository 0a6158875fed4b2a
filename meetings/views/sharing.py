"""The host's page: who else reads a meeting."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from meetings.forms import LinkForm, VisibilityForm
from meetings.models import Meeting, User
from meetings.services import audit_log, sharing
from meetings.services.access import may_share
from meetings.views.meetings import readable


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    meeting = _shareable(request, code)
    form = VisibilityForm(request.POST or None, instance=meeting)
    if request.method == "POST" and form.is_valid():
        form.save()
        audit_log.record(audit_log.Action.SHARED, meeting.pk, request.user)
        messages.success(request, _("Saved."))
        return redirect("meeting-sharing", code)
    return _page(request, meeting, form=form)


@never_cache
@require_POST
def add_link(request: HttpRequest, code: str) -> HttpResponse:
    """Answers with the page that shows the link: it cannot be shown again."""
    meeting = _shareable(request, code)
    form = LinkForm(request.POST)
    if not form.is_valid() or not isinstance(request.user, User):
        return _page(request, meeting, link_form=form)
    try:
        token = sharing.make_link(meeting, request.user, form.cleaned_data["days"])
    except sharing.TooManyLinks:
        messages.error(request, _("This meeting has very many links. Revoke one first."))
        return redirect("meeting-sharing", code)
    audit_log.record(audit_log.Action.SHARED, meeting.pk, request.user)
    return _page(request, meeting, new_url=request.build_absolute_uri(reverse("shared-meeting", args=[token])))


@require_POST
def revoke_link(request: HttpRequest, code: str, link_id: UUID) -> HttpResponse:
    meeting = _shareable(request, code)
    sharing.revoke_link(get_object_or_404(meeting.links, pk=link_id))
    audit_log.record(audit_log.Action.SHARED, meeting.pk, request.user)
    messages.success(request, _("The link does not work any more."))
    return redirect("meeting-sharing", code)


def _shareable(request: HttpRequest, code: str) -> Meeting:
    """The meeting, for those who decide who reads it; 404 for strangers, 403 for those who only read it."""
    meeting = readable(request, code)
    if not may_share(meeting, request.user):
        raise PermissionDenied
    return meeting


def _page(request: HttpRequest, meeting: Meeting, **more: object) -> HttpResponse:
    context = {
        "meeting": meeting,
        "form": VisibilityForm(instance=meeting),
        "link_form": LinkForm(),
        "links": sharing.working_links(meeting),
        **more,
    }
    with timezone.override(ZoneInfo(meeting.time_zone)):
        return render(request, "meetings/sharing.html", context)
