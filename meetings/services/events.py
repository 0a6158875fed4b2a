"""What happened, for the webhooks that want to know: written down in the transaction in which it happens."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models import Delivery, Job, Meeting, Minutes, Recording, Webhook

API_VERSION = "1"
JOB_FINISHED = "job.finished"
TEST = "webhook.test"
EVENTS = {
    "meeting.started": _("A meeting started"),
    "meeting.ended": _("A meeting ended"),
    "transcript.ready": _("All that was said is text"),
    "minutes.ready": _("The minutes were approved"),
    JOB_FINISHED: _("A job is done, failed or was cancelled"),
}


def meeting_event(event_type: str, meeting_id: UUID) -> None:
    """Tell the host's webhooks of a meeting; no text of it."""
    meeting = Meeting.objects.get(pk=meeting_id)
    for_host = Q(owner_id=meeting.host_id, of_job=None)
    _write_down(event_type, for_host, meeting.pk, _meeting_facts(meeting))


def minutes_event(minutes: Minutes) -> None:
    facts = _meeting_facts(minutes.meeting) | {
        "approved_at": _moment(minutes.approved_at),
        "revision": minutes.revision,
    }
    for_host = Q(owner_id=minutes.meeting.host_id, of_job=None)
    _write_down("minutes.ready", for_host, minutes.meeting_id, facts)


def job_event(job: Job) -> None:
    """Tell the owner's webhooks, and the job's own, that it is over."""
    recording = job.recording
    mine = Q(owner_id=recording.owner_id, of_job=None) | Q(of_job=recording)
    _write_down(JOB_FINISHED, mine, recording.pk, _job_facts(recording, job))


def test_event(webhook: Webhook) -> Delivery:
    """A delivery that means nothing, to see whether it comes."""
    body = _body(TEST, uuid4(), {"webhook_id": str(webhook.pk)})
    return Delivery.objects.create(webhook=webhook, **body)


def forget(about: Iterable[UUID]) -> None:
    """What was told of these meetings and jobs, or waits to be, is in no log any more."""
    Delivery.objects.filter(about__in=list(about)).delete()


def _write_down(event_type: str, whose: Q, about: UUID, facts: dict[str, Any]) -> None:
    wanting = Webhook.objects.filter(whose, events__contains=[event_type], disabled_at=None)
    body = _body(event_type, uuid4(), facts)
    Delivery.objects.bulk_create([Delivery(webhook=webhook, about=about, **body) for webhook in wanting])


def _body(event_type: str, event_id: UUID, facts: dict[str, Any]) -> dict[str, Any]:
    envelope = {
        "event_id": str(event_id),
        "event_type": event_type,
        "api_version": API_VERSION,
        "created_at": _moment(timezone.now()),
        "data": facts,
    }
    return {"event_id": event_id, "event_type": event_type, "body": msgspec.json.encode(envelope).decode()}


def _meeting_facts(meeting: Meeting) -> dict[str, Any]:
    return {
        "meeting_id": str(meeting.pk),
        "title": meeting.title,
        "status": meeting.status,
        "started_at": _moment(meeting.started_at),
        "ended_at": _moment(meeting.ended_at),
        "last_sequence": meeting.last_sequence,
        "url": settings.BASE_URL + reverse("api:get_meeting", args=[meeting.pk]),
    }


def _job_facts(recording: Recording, job: Job) -> dict[str, Any]:
    return {
        "job_id": str(recording.pk),
        "status": job.stage,
        "error": job.reason,
        "title": recording.title,
        "meeting_id": str(recording.meeting_id) if recording.meeting_id else None,
        "url": settings.BASE_URL + reverse("stt:get_job", args=[recording.pk]),
    }


def _moment(moment: Any) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
