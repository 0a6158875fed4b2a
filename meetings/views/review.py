"""The review page, and the JSON it speaks."""

from zoneinfo import ZoneInfo

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from meetings.models import Meeting
from meetings.services import access, audit_log, listening, review, review_lines, shared_microphones
from meetings.services.corrections import Author, CorrectionRefused

_decoder = msgspec.json.Decoder(review.Command)


@never_cache
@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    meeting = reviewable(request, code)
    audit_log.record(audit_log.Action.READ, meeting.pk, request.user)
    context = {"meeting": meeting, "steps": meeting.review_steps.all(), "kept_people": listening.kept_people(meeting)}
    context["untold"] = shared_microphones.why_untold(meeting)
    context["duration_ms"] = listening.duration_ms(meeting)
    with timezone.override(ZoneInfo(meeting.time_zone)):
        return render(request, "meetings/review.html", context)


@never_cache
@require_safe
def steps(request: HttpRequest, code: str) -> HttpResponse:
    """What has become of the transcript by now, for a page that is open."""
    meeting = reviewable(request, code)
    with timezone.override(ZoneInfo(meeting.time_zone)):
        return render(request, "meetings/_review_steps.html", {"steps": meeting.review_steps.all()})


@never_cache
@require_safe
def lines(request: HttpRequest, code: str) -> JsonResponse:
    """All lines a page at a time (`from`), or those changed since (`after`)."""
    meeting = reviewable(request, code)
    if "after" in request.GET:
        return JsonResponse(review_lines.changed_lines(meeting, whole_number(request, "after")))
    return JsonResponse(review_lines.page_of_lines(meeting, whole_number(request, "from")))


@never_cache
@require_safe
def history(request: HttpRequest, code: str) -> JsonResponse:
    found = review_lines.history(reviewable(request, code), whole_number(request, "line"))
    if found is None:
        raise Http404
    return JsonResponse(found)


@require_POST
def change(request: HttpRequest, code: str) -> JsonResponse:
    meeting = reviewable(request, code)
    try:
        command = _decoder.decode(request.body)
        operation = review.apply(meeting, command, author_of(meeting, request))
    except CorrectionRefused as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=409)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return JsonResponse({"code": "message_invalid", "message": str(error)}, status=400)
    audit_log.record(audit_log.Action.CHANGED, meeting.pk, request.user)
    return JsonResponse({"operation": str(operation) if operation else None})


def author_of(meeting: Meeting, request: HttpRequest) -> Author:
    participant = access.participant_of(meeting, request.user, request.session)
    return Author(str(request.user) if request.user.is_authenticated else str(participant), participant)


def whole_number(request: HttpRequest, name: str) -> int:
    """What the address says it is, 0 where it says nothing; Http404 where that is no number."""
    value = request.GET.get(name, "0")
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Http404
    return int(value)


def reviewable(request: HttpRequest, code: str) -> Meeting:
    """The meeting, for those who may review it; for all others there is none."""
    meeting = get_object_or_404(Meeting.objects.select_related("host"), code=code)
    if not access.may_review(meeting, request.user, request.session):
        raise Http404
    return meeting
