"""The minutes that a host writes: begun with what people marked, saved as they are typed, approved in the end."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from meetings.exports.wording import agenda_items
from meetings.models import Mark, Meeting, Minutes
from meetings.services import events, proposals
from meetings.services.suggestions import Suggestion, of_lines
from meetings.times import clock

MAX_ITEMS = 200  # of each kind
MAX_SUMMARY = 10_000  # characters


class MinutesRefused(Exception):
    """`message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MinutesChanged(MinutesRefused):
    """Somebody saved meanwhile; who saves on top of `revision` puts theirs in its place."""

    def __init__(self, revision: int) -> None:
        super().__init__(
            gettext("Somebody else changed these minutes meanwhile. Save again to put yours in their place.")
        )
        self.revision = revision


def minutes_of(meeting: Meeting) -> Minutes:
    """As saved, or as they begin: unsaved, with the marks of the meeting."""
    saved = Minutes.objects.filter(meeting=meeting).first()
    return saved or begun(meeting)


def begun(meeting: Meeting) -> Minutes:
    marks = list(meeting.marks.filter(withdrawn_at=None).select_related("segment").order_by("at_ms", "created_at"))
    return Minutes(
        meeting=meeting,
        chair=str(meeting.host),
        discussion=[{"item": item, "text": ""} for item in agenda_items(meeting.agenda)],
        decisions=[_decision(mark) for mark in marks if mark.kind == Mark.Kind.DECISION],
        actions=[_action(mark) for mark in marks if mark.kind == Mark.Kind.ACTION],
    )


def _decision(mark: Mark) -> dict[str, Any]:
    return {"text": mark.text, "at_ms": mark.at_ms, "evidence": mark.evidence}


def _action(mark: Mark) -> dict[str, Any]:
    due = mark.due.isoformat() if mark.due else ""
    return _decision(mark) | {"owner": mark.owner, "due": due, "done": False}


def save(meeting: Meeting, revision: int, changes: dict[str, Any], accepted: Sequence[str] = ()) -> Minutes:
    """Store what changed since `revision`, and the suggestions of the `accepted` lines; raises MinutesRefused."""
    with transaction.atomic():
        minutes = _locked(meeting)
        if minutes.approved_at:
            raise MinutesRefused(gettext("These minutes are approved: reopen them to change them."))
        if minutes.revision != revision:
            raise MinutesChanged(minutes.revision)
        for field, value in changes.items():
            setattr(minutes, field, value)
        _keep_real_evidence(minutes)
        _add(minutes, of_lines(meeting, accepted))
        _take_over(minutes, proposals.take(meeting, accepted))
        minutes.revision += 1
        minutes.save()
    return minutes


def _keep_real_evidence(minutes: Minutes) -> None:
    """Only lines of this meeting support what its minutes say."""
    rows = [*minutes.decisions, *minutes.actions]
    named = {sequence for row in rows for sequence in row.get("evidence", [])}
    lines = minutes.meeting.segments.filter(sequence__in=named)
    real = set(lines.values_list("sequence", flat=True)) if named else named
    for row in rows:
        row["evidence"] = [sequence for sequence in row.get("evidence", []) if sequence in real]


def _add(minutes: Minutes, accepted: list[Suggestion]) -> None:
    for found in accepted:
        row = {"text": found.text, "at_ms": found.at_ms, "evidence": [found.sequence]}
        if found.kind == "decision":
            minutes.decisions.append(row)
        else:
            minutes.actions.append(row | {"owner": found.owner, "due": "", "done": False})


def _take_over(minutes: Minutes, found: list[dict[str, Any]]) -> None:
    """What a language model found, labelled as such until a person says otherwise."""
    for each in found:
        row = {"text": each["text"], "at_ms": each["at_ms"], "evidence": each["evidence"], "machine": True}
        if each["kind"] == "summary":
            minutes.summary = f"{minutes.summary}\n{each['text']} [{clock(each['at_ms'])}]".strip()[:MAX_SUMMARY]
            minutes.machine_summary = True
        elif each["kind"] == "decision" and len(minutes.decisions) < MAX_ITEMS:
            minutes.decisions.append(row)
        elif each["kind"] == "action" and len(minutes.actions) < MAX_ITEMS:
            minutes.actions.append(row | {"owner": each["owner"], "due": "", "done": False})


def approve(meeting: Meeting, name: str) -> None:
    """Close the minutes, under the name of who did."""
    with transaction.atomic():
        minutes = _locked(meeting)
        minutes.approved_at, minutes.approved_by = timezone.now(), name
        minutes.revision += 1
        minutes.save()
        events.minutes_event(minutes)


def reopen(meeting: Meeting) -> None:
    with transaction.atomic():
        minutes = _locked(meeting)
        minutes.approved_at, minutes.approved_by = None, ""
        minutes.revision += 1
        minutes.save()


def _locked(meeting: Meeting) -> Minutes:
    """One at a time per meeting, also for the first save."""
    return minutes_of(Meeting.objects.select_for_update().get(pk=meeting.pk))
