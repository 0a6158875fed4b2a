"""The pages of a meeting: make it, join it, be in it, read it."""

from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings.exports import FORMATS, LABEL_LANGUAGES
from meetings.forms import GuestForm, LobbyForm, MeetingForm, known_zone
from meetings.invitations import invitation, qr_code
from meetings.languages import LANGUAGE_CHOICES
from meetings.models import FOR_SOFTWARE, Meeting, Participant, User
from meetings.services import access, audit_log, retention, rooms

ACTIONS = {  # in the audit log, where it is not reading
    "meeting-minutes": audit_log.Action.EXPORTED,
    "document-file": audit_log.Action.EXPORTED,
    "minutes-propose": audit_log.Action.EXPORTED,  # to the language model
    "meeting-end": audit_log.Action.CHANGED,
}
WRITING = {"minutes-page": audit_log.Action.CHANGED}  # reads too: by method


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return render(request, "home.html")
    words = request.GET.get("q", "")[:200].replace("\0", "")
    mine = rooms.meetings_of(request.user, words)
    status = Meeting.Status
    context = {
        "live": [meeting for meeting in mine if meeting.status == status.LIVE],
        "coming": sorted((m for m in mine if m.status == status.SCHEDULED), key=lambda m: m.planned_at or m.created_at),
        "past": [meeting for meeting in mine if meeting.status in {status.FINISHING, status.ENDED}],
    }
    return render(request, "home.html", {**context, "words": words})


@require_POST
@login_required
def start_now(request: HttpRequest) -> HttpResponse:
    """A meeting without further questions; its host passes the lobby as everybody does."""
    host = cast("User", request.user)
    zone = known_zone(request.POST.get("time_zone", ""))
    meeting = rooms.meeting_now(host, gettext("Meeting of %(name)s") % {"name": host}, zone)
    return redirect("meeting-join", meeting.code)


@never_cache
@require_safe
def calendar_entry(request: HttpRequest, code: str) -> HttpResponse:
    """The invitation to a planned meeting, for its people to put into a calendar or send around."""
    meeting = readable(request, code)
    if meeting.planned_at is None:
        raise Http404
    link = request.build_absolute_uri(reverse("meeting-join", args=[code]))
    response = HttpResponse(invitation(meeting, link), content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response["Content-Disposition"] = f'attachment; filename="{slugify(meeting.title) or "meeting"}.ics"'
    return response


@login_required
def new(request: HttpRequest) -> HttpResponse:
    form = MeetingForm(request.POST or None, initial={"terms": rooms.terms_of_last_meeting(request.user.pk)})
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        meeting = rooms.create_meeting(request.user, **form.cleaned_data)
        return redirect("home") if meeting.planned_at else redirect("meeting-join", meeting.code)
    return render(request, "meetings/new.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """The lobby: also for those who have been here, to choose their devices again."""
    meeting = get_object_or_404(Meeting.objects.select_related("host"), code=code)
    seat = access.seat_of(meeting, request.user, request.session)
    removed = seat is not None and seat.admission == Participant.Admission.REMOVED
    if seat is not None and meeting.takes_audio and not removed and "devices" not in request.GET:
        return redirect("meeting-room", code)
    if not meeting.takes_audio and access.may_read(meeting, request.user, request.session):
        return redirect("meeting-transcript", code)
    known = request.user.is_authenticated or seat is not None
    answers = _answers(meeting, seat, request.user)
    form = (LobbyForm if known else GuestForm)(request.POST or None, initial=answers, keeps_audio=meeting.keep_audio)
    if request.method == "POST" and form.is_valid():
        return _enter(request, meeting, form.cleaned_data)
    context = {
        "meeting": meeting,
        "form": form,
        "seat": seat,
        "door": _door(meeting, seat, request.user),
        "languages": LANGUAGE_CHOICES,
        "audio_days": retention.audio_days_of(meeting),
    }
    return render(request, "meetings/join.html", context)


def _answers(meeting: Meeting, seat: Participant | None, user: User | AnonymousUser) -> dict[str, bool | None]:
    """What the person agreed to before; a host who has audio kept means theirs, too, unless they say otherwise."""
    if seat is None:
        return {"audio": meeting.host_id == user.pk}
    return {"consent": seat.consented_at is not None, "audio": seat.audio_agreed}


def _door(meeting: Meeting, seat: Participant | None, user: User | AnonymousUser) -> str:
    """What the person finds: "open", "ended", "locked" or "removed"."""
    if not meeting.takes_audio:
        return "ended"
    if seat is not None and seat.admission == Participant.Admission.REMOVED:
        return "removed"
    return "locked" if meeting.locked and seat is None and meeting.host_id != user.pk else "open"


def _enter(request: HttpRequest, meeting: Meeting, entered: dict[str, Any]) -> HttpResponse:
    name, agreed = entered.get("display_name", ""), entered.get("audio")
    try:
        rooms.join(meeting, user=request.user, session=request.session, display_name=name, audio_agreed=agreed)
    except rooms.JoinRefused:
        return redirect("meeting-join", meeting.code)
    return redirect("meeting-room", meeting.code)


@never_cache
@require_safe
def waiting(request: HttpRequest, code: str) -> HttpResponse:
    """The waiting room; its page looks every few seconds whether it still is the right one."""
    meeting = get_object_or_404(Meeting.objects.select_related("host"), code=code)
    seat = access.seat_of(meeting, request.user, request.session)
    if seat is None or not meeting.takes_audio or seat.admission == Participant.Admission.REMOVED:
        return redirect("meeting-join", code)
    if seat.admission == Participant.Admission.ADMITTED:
        return redirect("meeting-room", code)
    return render(request, "meetings/waiting.html", {"meeting": meeting, "participant": seat})


@never_cache
@require_safe
def invite_picture(request: HttpRequest, code: str) -> HttpResponse:
    """The invite link as a QR code, for those who are in the meeting."""
    readable(request, code)
    link = request.build_absolute_uri(reverse("meeting-join", args=[code]))
    return HttpResponse(qr_code(link), content_type="image/svg+xml")


@never_cache
@require_safe
def room(request: HttpRequest, code: str) -> HttpResponse:
    meeting = get_object_or_404(Meeting, code=code)
    participant = access.participant_of(meeting, request.user, request.session)
    if participant is None:
        seat = access.seat_of(meeting, request.user, request.session)
        return redirect("meeting-waiting" if seat is not None else "meeting-join", code)
    if not meeting.takes_audio:
        return redirect("meeting-transcript", code)
    context = {
        "meeting": meeting,
        "participant": participant,
        "participants": meeting.participants.exclude(joined_at=None),
        "segments": list(meeting.segments.defer(*FOR_SOFTWARE).select_related("participant")),
        "overlay_url": _overlay_url(request, meeting) if participant.is_host else "",
        "audio_days": retention.audio_days_of(meeting),
        "invite_url": request.build_absolute_uri(reverse("meeting-join", args=[code])),
    }
    return render(request, "meetings/room.html", context)


def _overlay_url(request: HttpRequest, meeting: Meeting) -> str:
    path = reverse("meeting-overlay", args=[meeting.code])
    return request.build_absolute_uri(f"{path}?key={access.overlay_key(meeting)}")


@never_cache
@require_safe
def overlay(request: HttpRequest, code: str) -> HttpResponse:
    """Captions and nothing else, for a projector or streaming software."""
    key = request.GET.get("key", "")
    meeting = access.meeting_by_overlay_key(code, key)
    if meeting is None:
        raise Http404
    return render(request, "meetings/overlay.html", {"meeting": meeting, "key": key})


@require_POST
def leave(request: HttpRequest, code: str) -> HttpResponse:
    """The sockets of the page close as it goes away; that is the leaving."""
    get_object_or_404(Meeting, code=code)
    return redirect("home") if request.user.is_authenticated else redirect("meeting-left", code)


@require_safe
def left(request: HttpRequest, code: str) -> HttpResponse:
    """Where guests land who left: the way back, and the transcript."""
    meeting = get_object_or_404(Meeting.objects.select_related("host"), code=code)
    participant = access.participant_of(meeting, request.user, request.session)
    return render(request, "meetings/left.html", {"meeting": meeting, "participant": participant})


@require_POST
def end(request: HttpRequest, code: str) -> HttpResponse:
    meeting = readable(request, code)
    if not access.may_end(meeting, request.user, request.session):
        raise PermissionDenied
    rooms.end_meeting(meeting)
    return redirect("meeting-transcript", code)


@never_cache
@require_safe
def transcript(request: HttpRequest, code: str) -> HttpResponse:
    meeting = readable(request, code)
    ended = meeting.ended_at or timezone.now()
    shows_copies = request.GET.get("copies") == "1"
    copies = Q(hidden=True, duplicate_of__isnull=False)
    wanted = Q(hidden=False) | copies if shows_copies else Q(hidden=False)
    context = {
        "meeting": meeting,
        "participants": meeting.participants.all(),
        "segments": meeting.segments.filter(wanted)
        .defer(*FOR_SOFTWARE)
        .prefetch_related("participant")
        .order_by("start_ms", "sequence"),
        "shows_copies": shows_copies,
        "copy_count": meeting.segments.filter(copies).count(),
        "may_review": access.may_review(meeting, request.user, request.session),
        "off_record": meeting.off_record.all(),
        "marks": meeting.marks.filter(withdrawn_at=None).select_related("author"),
        "duration_ms": meeting.offset_ms(ended),
        "formats": FORMATS,
        "label_languages": LABEL_LANGUAGES,
        "may_share": access.may_share(meeting, request.user),
        "may_write": access.may_write_minutes(meeting, request.user, request.session),
    }
    with timezone.override(ZoneInfo(meeting.time_zone)):
        return render(request, "meetings/transcript.html", context)


def readable(request: HttpRequest, code: str) -> Meeting:
    """The meeting, for those who may read it; for all others there is none."""
    meeting = get_object_or_404(Meeting.objects.select_related("host"), code=code)
    if not access.may_read(meeting, request.user, request.session):
        raise Http404
    audit_log.record(_action(request), meeting.pk, request.user)
    return meeting


def _action(request: HttpRequest) -> audit_log.Action:
    route = (request.resolver_match.url_name if request.resolver_match else None) or ""
    if request.method == "POST" and route in WRITING:
        return WRITING[route]
    return ACTIONS.get(route, audit_log.Action.READ)
