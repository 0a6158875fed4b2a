"""Asking the language model about a meeting: begun by its host, done by a worker, offered where minutes are written."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.utils import timezone

from meetings.models import Meeting, Proposal, Segment
from meetings.services.findings import Finding, condensed, find, parts
from meetings.services.language_model import LanguageModel, ModelFailed, configured

STALE = timedelta(minutes=45)  # longer than one question may take, asked four times
OPEN = (Proposal.Stage.WAITING, Proposal.Stage.READING)


class Unwanted(Exception):
    """Cancelled, or asked anew, while the model read."""


def available() -> bool:
    return bool(configured().url)


def host() -> str:
    """Where the transcript is sent."""
    return urlsplit(configured().url).netloc


def ask(meeting: Meeting) -> bool:
    """Have the transcript read; False while it is read already, or there is no model."""
    if not available():
        return False
    Proposal.objects.get_or_create(meeting=meeting, defaults={"stage": Proposal.Stage.CANCELLED})
    begun = timezone.now()
    return bool(
        Proposal.objects.filter(meeting=meeting)
        .exclude(stage__in=OPEN)
        .update(
            stage=Proposal.Stage.WAITING, reason="", percent=0, findings=[], taken=[], asked_at=begun, alive_at=begun
        )
    )


def cancel(meeting: Meeting) -> None:
    Proposal.objects.filter(meeting=meeting, stage__in=OPEN).update(stage=Proposal.Stage.CANCELLED)


def waiting() -> list[int]:
    """Those asked for; what a dead worker left is given up."""
    stale = timezone.now() - STALE
    left = Proposal.objects.filter(stage=Proposal.Stage.READING, alive_at__lt=stale)
    left.update(stage=Proposal.Stage.FAILED, reason="The server stopped meanwhile. Ask again.")
    return list(Proposal.objects.filter(stage=Proposal.Stage.WAITING).values_list("pk", flat=True))


def read(proposal_id: int) -> None:
    """Have the model read the whole transcript; what goes wrong is written down for who waits."""
    waiting = Proposal.objects.filter(pk=proposal_id, stage=Proposal.Stage.WAITING)
    if not waiting.update(stage=Proposal.Stage.READING, alive_at=timezone.now(), model=configured().model):
        return
    proposal = Proposal.objects.get(pk=proposal_id)
    try:
        found = _read(proposal)
        _note(proposal, stage=Proposal.Stage.DONE, percent=100, findings=_with_times(proposal, found))
    except Unwanted:
        return
    except ModelFailed as failure:
        _fail(proposal, str(failure))
    except Exception:
        _fail(proposal, "Something went wrong on the server.")
        raise


def offered(meeting: Meeting) -> list[dict[str, Any]]:
    """What was found and not yet taken over, each with its `place` for `chosen`."""
    proposal = Proposal.objects.filter(meeting=meeting, stage=Proposal.Stage.DONE).first()
    if proposal is None:
        return []
    return [each | {"place": at} for at, each in enumerate(proposal.findings) if at not in proposal.taken]


def take(meeting: Meeting, accepted: Sequence[str]) -> list[dict[str, Any]]:
    """The offered findings whose place ("m3") is among `accepted`; they are not offered again."""
    places = {int(name[1:]) for name in accepted if re.fullmatch(r"m\d{1,4}", name)}
    chosen = [each for each in offered(meeting) if each["place"] in places] if places else []
    if chosen:
        proposal = Proposal.objects.select_for_update().get(meeting=meeting)
        proposal.taken = sorted({*proposal.taken, *(each["place"] for each in chosen)})
        proposal.save(update_fields=["taken"])
    return chosen


def _fail(proposal: Proposal, reason: str) -> None:
    _current(proposal).update(stage=Proposal.Stage.FAILED, reason=reason[:300])


def _read(proposal: Proposal) -> list[Finding]:
    model = LanguageModel(configured())
    spoken = Segment.objects.filter(meeting=proposal.meeting_id, kind=Segment.Kind.SPEECH, hidden=False)
    lines = spoken.select_related("participant").defer("words").order_by("start_ms", "sequence")
    whole = list(parts(lines))
    found: list[Finding] = []
    for number, part in enumerate(whole):
        found += find(model.ask, part)
        _note(proposal, percent=(number + 1) * 95 // len(whole))
    summary = condensed(model.ask, [each for each in found if each.kind == "summary"])
    return [*summary, *(each for each in found if each.kind != "summary")]


def _with_times(proposal: Proposal, found: list[Finding]) -> list[dict[str, object]]:
    """With where the first line of the evidence begins."""
    sequences = {sequence for each in found for sequence in each.evidence}
    lines = Segment.objects.filter(meeting=proposal.meeting_id, sequence__in=sequences)
    starts = dict(lines.values_list("sequence", "start_ms"))
    return [asdict(each) | {"at_ms": min(starts[sequence] for sequence in each.evidence)} for each in found]


def _note(proposal: Proposal, **news: object) -> None:
    """Raises Unwanted."""
    if not _current(proposal).update(alive_at=timezone.now(), **news):
        raise Unwanted


def _current(proposal: Proposal) -> QuerySet[Proposal]:
    return Proposal.objects.filter(pk=proposal.pk, stage=Proposal.Stage.READING, asked_at=proposal.asked_at)
