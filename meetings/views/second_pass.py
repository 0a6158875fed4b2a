"""The second pass on the review page: begun, followed, and taken line by line."""

from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from meetings.hearing_again import model_name
from meetings.services import audit_log, second_pass
from meetings.services.corrections import CorrectionRefused
from meetings.views.review import author_of, reviewable


class Taken(msgspec.Struct, forbid_unknown_fields=True):
    """Which suggestions: those of these lines, of one speaker, or, where neither is said, all."""

    sequences: list[int] = []
    participant_id: UUID | None = None


_decoder = msgspec.json.Decoder(Taken)


@never_cache
@require_safe
def state(request: HttpRequest, code: str) -> JsonResponse:
    return JsonResponse(second_pass.state(reviewable(request, code)))


@require_POST
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """A worker takes it within seconds."""
    meeting = reviewable(request, code)
    model = model_name()
    if not model:
        return _refused("no_model", "No model is set up here for a second pass.")
    try:
        second_pass.request(meeting, model)
    except second_pass.NothingKept:
        return _refused("nothing_kept", "There is no kept audio of this meeting, or it still goes on.")
    audit_log.record(audit_log.Action.CHANGED, meeting.pk, request.user)
    return JsonResponse(second_pass.state(meeting))


@require_POST
def take(request: HttpRequest, code: str) -> HttpResponse:
    meeting = reviewable(request, code)
    try:
        taken = _decoder.decode(request.body)
        scope = second_pass.Scope(taken.sequences, taken.participant_id)
        operation = second_pass.accept(meeting, scope, author_of(meeting, request))
    except CorrectionRefused as error:
        return _refused(error.code, error.message)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return JsonResponse({"code": "message_invalid", "message": str(error)}, status=400)
    audit_log.record(audit_log.Action.CHANGED, meeting.pk, request.user)
    return JsonResponse({"operation": str(operation) if operation else None})


def _refused(code: str, message: str) -> JsonResponse:
    return JsonResponse({"code": code, "message": message}, status=409)
