"""The lobby's test sentence: sound in, text out, for whoever has the meeting's link."""

from functools import partial
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from redis.exceptions import RedisError

from meetings import soundcheck
from meetings.languages import LANGUAGE_CHOICES, preferred_languages
from meetings.models import Meeting
from meetings.redis import with_redis
from transcription.errors import TranscriptionError

LANGUAGES = {code for code, _ in LANGUAGE_CHOICES}


@require_POST
def begin(request: HttpRequest, code: str) -> JsonResponse:
    """Takes PCM16 little-endian mono as its body; `rate` and `language` in the address. Answers with where to ask."""
    meeting = get_object_or_404(Meeting, code=code)
    if not meeting.takes_audio:
        return _refused(HTTPStatus.CONFLICT, "meeting_ended", "this meeting is over")
    rate, language = request.GET.get("rate", ""), request.GET.get("language", "")
    if not rate.isascii() or not rate.isdigit() or len(rate) > 6 or language not in LANGUAGES:
        return _refused(HTTPStatus.BAD_REQUEST, "address", "say the sample rate, and a language of the list")
    address = request.META.get("REMOTE_ADDR", "")
    preferred = preferred_languages(request.headers.get("Accept-Language", ""))
    sound = partial(soundcheck.begin, meeting.pk, address, request.body, int(rate))
    call = partial(sound, language=language, preferred=preferred)
    try:
        check = with_redis(call)
    except soundcheck.SoundRefused as error:
        often = error.code == "too_many_checks"
        return _refused(HTTPStatus.TOO_MANY_REQUESTS if often else HTTPStatus.BAD_REQUEST, error.code, error.message)
    except (RedisError, TranscriptionError):
        return _unavailable()
    return JsonResponse({"check": str(check)}, status=HTTPStatus.ACCEPTED)


@never_cache
@require_safe
def heard(request: HttpRequest, code: str, check: UUID) -> JsonResponse:
    """What was heard so far; the key is known to who made the check alone."""
    get_object_or_404(Meeting, code=code)
    try:
        found = with_redis(partial(soundcheck.heard, check))
    except RedisError:
        return _unavailable()
    return JsonResponse({"text": found.text, "done": found.done})


def _refused(status: HTTPStatus, code: str, message: str) -> JsonResponse:
    return JsonResponse({"code": code, "message": message}, status=status)


def _unavailable() -> JsonResponse:
    return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "the server cannot listen just now")
