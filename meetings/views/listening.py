"""The kept audio, for those who review: in ranges, as players ask for it."""

import re
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meetings.services import audit_log, kept_audio, listening, spoken_words
from meetings.views.review import reviewable, whole_number

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@never_cache
@require_safe
def sound(request: HttpRequest, code: str, participant_id: UUID | None = None) -> HttpResponse:
    """206 with at most `listening.MAX_BYTES`, which may be less than was asked for; 416 beyond the end."""
    meeting = reviewable(request, code)
    found = listening.sound_of(meeting, participant_id)
    if found is None:
        raise Http404
    wanted = _range(request.headers.get("Range", ""), found.size)
    if wanted is None:
        refusal = HttpResponse("ask for a range of bytes\n", "text/plain", status=416)
        refusal["Content-Range"] = f"bytes */{found.size}"
        return refusal
    audit_log.record_once(audit_log.Action.LISTENED, meeting.pk, request.user)
    start, end = wanted
    try:
        content = b"" if request.method == "HEAD" else found.part(start, end)
    except kept_audio.KeptAudioMissing:
        return HttpResponse("the audio cannot be read\n", "text/plain", status=503)
    response = HttpResponse(content, content_type="audio/wav", status=206)
    response["Accept-Ranges"] = "bytes"
    response["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return response


def _range(header: str, size: int) -> tuple[int, int] | None:
    """[start, end) of the bytes to send; None when the header asks for none of them."""
    asked = RANGE.fullmatch(header.strip())
    if asked is None or asked[0] == "bytes=-":
        return None
    if not asked[1]:
        start, end = max(0, size - int(asked[2])), size
    else:
        start = int(asked[1])
        end = min(size, int(asked[2]) + 1) if asked[2] else size
    return (start, min(end, start + listening.MAX_BYTES)) if start < end else None


@never_cache
@require_safe
def words(request: HttpRequest, code: str) -> JsonResponse:
    """The words spoken from `from` to `to` (ms of the meeting), at most `spoken_words.LONGEST_MS` of them."""
    meeting = reviewable(request, code)
    found = spoken_words.between(meeting, whole_number(request, "from"), whole_number(request, "to"))
    return JsonResponse(found)
