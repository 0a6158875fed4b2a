"""The page on which a host writes the minutes. It works as a plain form; a script saves while one types."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings.exports import FORMATS, LABEL_LANGUAGES
from meetings.minutes_forms import WholeMinutes
from meetings.models import Meeting, Minutes, Proposal
from meetings.services import access, proposals
from meetings.services import minutes as writing
from meetings.services.suggestions import Suggestion, suggestions
from meetings.views.meetings import readable


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    meeting = _written_by(request, code)
    if meeting.takes_audio:
        return redirect("meeting-transcript", code)
    minutes = writing.minutes_of(meeting)
    if request.method != "POST":
        return _shown(request, WholeMinutes(minutes))
    if "reopen" in request.POST:
        writing.reopen(meeting)
        return redirect("minutes-page", code)
    return _saved(request, WholeMinutes(minutes, request.POST))


@require_POST
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """Have the language model read the transcript."""
    meeting = _written_by(request, code)
    if not meeting.takes_audio and not writing.minutes_of(meeting).approved_at:
        proposals.ask(meeting)
    return redirect("minutes-page", code)


@require_POST
def cancel_proposal(request: HttpRequest, code: str) -> HttpResponse:
    proposals.cancel(_written_by(request, code))
    return redirect("minutes-page", code)


@never_cache
@require_safe
def proposal_state(request: HttpRequest, code: str) -> JsonResponse:
    proposal = get_object_or_404(Proposal, meeting=_written_by(request, code))
    return JsonResponse({"stage": proposal.get_stage_display(), "percent": proposal.percent, "over": proposal.is_over})


def _written_by(request: HttpRequest, code: str) -> Meeting:
    """The meeting, for those who write its minutes."""
    meeting = readable(request, code)
    if not access.may_write_minutes(meeting, request.user, request.session):
        raise PermissionDenied
    return meeting


def _proposed(minutes: Minutes) -> dict[str, object]:
    if minutes.approved_at or not proposals.available():
        return {"may_propose": False}
    return {
        "may_propose": True,
        "proposal": Proposal.objects.filter(meeting=minutes.meeting).first(),
        "findings": proposals.offered(minutes.meeting),
        "model_host": proposals.host(),
    }


def _saved(request: HttpRequest, whole: WholeMinutes) -> HttpResponse:
    """A script asks for JSON and gets the new revision; a form comes back to the page."""
    meeting = whole.minutes.meeting
    if not whole.is_valid():
        return _refused(request, whole, "Something here cannot be saved: check the dates and the lengths.", 400)
    try:
        saved = writing.save(meeting, whole.revision, whole.changes(), accepted=request.POST.getlist("accept"))
    except writing.MinutesChanged as change:
        mine = request.POST.copy()
        mine["revision"] = str(change.revision)  # so that what was written can be saved all the same
        return _refused(request, WholeMinutes(whole.minutes, mine), change.message, 409, revision=change.revision)
    except writing.MinutesRefused as refusal:
        return _refused(request, whole, refusal.message, 409)
    if "approve" in request.POST:
        writing.approve(meeting, str(request.user))
    return JsonResponse({"revision": saved.revision}) if _is_script(request) else redirect("minutes-page", meeting.code)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _refused(request: HttpRequest, whole: WholeMinutes, message: str, status: int, **more: int) -> HttpResponse:
    if _is_script(request):
        return JsonResponse({"message": message} | more, status=status)
    return _shown(request, whole, message=message, status=status, is_conflict="revision" in more)


def _shown(
    request: HttpRequest, whole: WholeMinutes, message: str = "", status: int = 200, is_conflict: bool = False
) -> HttpResponse:
    minutes = whole.minutes
    whole.find_sources()
    context = {
        "meeting": minutes.meeting,
        "minutes": minutes,
        "whole": whole,
        "suggestions": [] if minutes.approved_at else _suggestions(minutes),
        "formats": FORMATS,
        "label_languages": LABEL_LANGUAGES,
        "message": message,
        "is_conflict": is_conflict,
        **_proposed(minutes),
    }
    return render(request, "meetings/minutes.html", context, status=status)


def _suggestions(minutes: Minutes) -> list[Suggestion]:
    known = [entry["at_ms"] for entry in [*minutes.decisions, *minutes.actions]]
    return suggestions(minutes.meeting, known)
