"""The jobs page: what the media workers do, for administrators."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from meetings.models import Recording
from meetings.services import jobs, recordings, second_pass, shared_microphones
from meetings.views.operations import is_operator


@never_cache
@require_safe
@user_passes_test(is_operator)
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs.html", {"jobs": jobs.overview()})


@require_POST
@user_passes_test(is_operator)
def cancel(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    recordings.cancel(_recording(recording_id))
    return redirect("jobs")


@require_POST
@user_passes_test(is_operator)
def retry(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    if not recordings.retry(_recording(recording_id)):
        messages.error(request, _("This job cannot be tried again: its file is gone, or it did not fail."))
    return redirect("jobs")


@require_POST
@user_passes_test(is_operator)
def retry_second_pass(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    return _retried(request, second_pass.retry(meeting_id))


@require_POST
@user_passes_test(is_operator)
def retry_microphone(request: HttpRequest, room_id: UUID) -> HttpResponse:
    return _retried(request, shared_microphones.retry(room_id))


def _retried(request: HttpRequest, retried: bool) -> HttpResponse:
    if not retried:
        messages.error(request, _("This job cannot be tried again: its audio is gone, or it did not fail."))
    return redirect("jobs")


def _recording(recording_id: UUID) -> Recording:
    recording = jobs.find(recording_id)
    if recording is None:
        raise Http404
    return recording
