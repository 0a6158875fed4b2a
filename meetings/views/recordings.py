"""Recordings: uploading one in chunks, and watching it become a transcript."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from meetings import receiving
from meetings.forms import RecordingForm
from meetings.languages import preferred_languages
from meetings.models import Recording, User
from meetings.services import batches, recordings, uploads

MAX_LISTED = 100
NO_ROOM = gettext_noop("There is no room for the file on the server. Tell who runs it, and try again later.")
NO_ROOM_LEFT = gettext_noop(
    "The server could not store it: its disk may be full. Tell who runs it; the upload goes on where it ended when you "
    "choose the same file again."
)


@never_cache
@login_required
@require_safe
def all_mine(request: HttpRequest) -> HttpResponse:
    mine = Recording.objects.filter(owner_id=request.user.pk).select_related("job", "meeting")[:MAX_LISTED]
    context = {"form": RecordingForm(), "recordings": mine, "chunk_bytes": uploads.MAX_CHUNK_BYTES}
    return render(request, "recordings/list.html", context)


@login_required
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Answers with where the chunks go."""
    form = RecordingForm(request.POST)
    if not form.is_valid() or not isinstance(request.user, User):
        return JsonResponse(
            {"error": " ".join(str(error) for errors in form.errors.values() for error in errors)}, status=400
        )
    try:
        preferred = preferred_languages(request.headers.get("Accept-Language", ""))
        recording = uploads.begin(request.user, preferred_languages=preferred, **form.cleaned_data)
    except uploads.TooMuch as refusal:
        return JsonResponse({"error": str(refusal)}, status=413)
    except OSError:
        return JsonResponse({"error": _(NO_ROOM)}, status=507)
    return JsonResponse(_state(recording), status=201)


@login_required
@require_POST
def chunk(request: HttpRequest, recording_id: UUID, offset: int) -> HttpResponse:
    recording = _own(request, recording_id)
    try:
        body = request.body
        if len(body) > uploads.MAX_CHUNK_BYTES:
            raise uploads.TooMuch("The chunk is too large.")
        return JsonResponse(_state(receiving.receive(recording, offset, body)))
    except uploads.WrongOffset as refusal:
        return JsonResponse({"error": str(refusal), "received": refusal.received}, status=409)
    except receiving.ContentRefused as refusal:
        return JsonResponse({"error": str(refusal)}, status=refusal.status)
    except (uploads.TooMuch, RequestDataTooBig) as refusal:
        return JsonResponse({"error": str(refusal)}, status=413)
    except uploads.UploadRefused as refusal:
        return JsonResponse({"error": str(refusal)}, status=410)
    except OSError:
        return JsonResponse({"error": _(NO_ROOM_LEFT)}, status=507)


@never_cache
@login_required
@require_safe
def page(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    recording = _own(request, recording_id)
    return render(request, "recordings/one.html", {"recording": recording, **_texts(recording)})


@never_cache
@login_required
@require_safe
def state(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    return JsonResponse(_state(_own(request, recording_id)))


@login_required
@require_POST
def cancel(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    recordings.cancel(_own(request, recording_id))
    return redirect("recording", recording_id)


@login_required
@require_POST
def retry(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    if not recordings.retry(_own(request, recording_id)):
        messages.error(request, _("This recording cannot be tried again: upload it once more."))
    return redirect("recording", recording_id)


@login_required
@require_POST
def delete(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    batches.discard(_own(request, recording_id))
    messages.success(request, _("The upload is deleted."))
    return redirect("recordings")


def _own(request: HttpRequest, recording_id: UUID) -> Recording:
    """The person's own recording; for everybody else there is none."""
    recording = recordings.recording_of(recording_id, request.user.pk or 0)
    if recording is None:
        raise Http404
    return recording


def _texts(recording: Recording) -> dict[str, object]:
    job = recording.job
    percent = int(job.share * 100)
    if not recording.is_complete:
        percent = recording.received_bytes * 100 // recording.size_bytes
    return {
        "stage": _("Uploading") if not recording.is_complete and not job.is_over else job.get_stage_display(),
        "percent": percent,
        "reason": recordings.why_failed(job),
        "notice": recordings.notice(job),
        "over": job.is_over,
        "can_retry": recordings.can_retry(job),
        "readable": recording.meeting_id is not None,
    }


def _state(recording: Recording) -> dict[str, object]:
    return {
        **_texts(recording),
        "received": recording.received_bytes,
        "size": recording.size_bytes,
        "url": reverse("recording", args=[recording.pk]),
        "chunks_url": reverse("recording", args=[recording.pk]) + "chunks/",
    }
