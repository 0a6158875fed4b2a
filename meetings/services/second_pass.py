"""The second pass over a meeting's kept audio: what it heard is suggested line by line, and taken only by a person.

A line that a person changed, reviewed or hid is left alone, and nothing changes in an approved transcript.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.models import AudioStream, Job, KeptPiece, Meeting, SecondPass, Segment, Suggestion
from meetings.services import uploads
from meetings.services.corrections import Author, What, changing
from meetings.services.review_lines import diff
from meetings.words import TimedWord
from transcription.language import join_words

STALE = timedelta(minutes=1)  # without a sign of life another worker takes it over
RECENT = timedelta(days=1)  # what ended before is heard again when somebody asks for it
OVER = (SecondPass.Stage.DONE, SecondPass.Stage.FAILED)
MAX_ATTEMPTS = 3
NEAR_MS = 1_500  # a word this far from a line is still the line's
SHOWN = 300  # suggestions told at once


class NothingKept(Exception):
    """There is no audio of the meeting to listen to, or its transcript is not complete yet."""


# ── The work ────────────────────────────────────────────────────────────────────────────────────────────────────────


def request(meeting: Meeting, model: str) -> SecondPass:
    """Have it done, or done again when it is over; one that is under way goes on. Raises NothingKept."""
    if not _complete().filter(pk=meeting.pk).exists():
        raise NothingKept
    with transaction.atomic():
        Meeting.objects.select_for_update().get(pk=meeting.pk)
        known = SecondPass.objects.filter(meeting=meeting).first()
        if known is not None and not known.is_over:
            return known
        if known is not None:
            known.delete()
        return SecondPass.objects.create(meeting=meeting, model=model, length_ms=_length_ms(meeting))


def retry(meeting_id: UUID) -> bool:
    """Have one that failed done again, with its model; False where none failed or its audio is gone."""
    failed = SecondPass.objects.select_related("meeting").filter(meeting=meeting_id, stage=SecondPass.Stage.FAILED)
    job = failed.first()
    if job is None:
        return False
    try:
        request(job.meeting, job.model)
    except NothingKept:
        return False
    return True


def request_recent(model: str) -> int:
    """Ask for it where a meeting or upload ended of late and nobody asked or approved yet; returns for how many."""
    since = timezone.now() - RECENT
    uploaded = Q(recording__job__stage=Job.Stage.DONE, recording__job__ended_at__gt=since)
    recent = _complete().filter(Q(recording=None, ended_at__gt=since) | uploaded, second_pass=None)
    found = list(recent.exclude(review=Meeting.Review.APPROVED))
    for meeting in found:
        request(meeting, model)
    return len(found)


def _complete() -> QuerySet[Meeting]:
    """Meetings, and recordings that became some, of which all words are stored and audio was kept."""
    kept = KeptPiece.objects.filter(stream__participant__meeting=OuterRef("pk"))
    transcribed = Q(recording=None) | Q(recording__job__stage__in=uploads.OVER)
    return Meeting.objects.filter(Exists(kept), transcribed, status=Meeting.Status.ENDED)


def take(job_id: int) -> SecondPass | None:
    """The job, if it waits or its worker died; None when somebody works on it, it is over, or it is given up now."""
    with transaction.atomic():
        job = SecondPass.objects.select_for_update(of=("self",)).select_related("meeting").filter(pk=job_id).first()
        if job is None or job.is_over:
            return None
        if job.stage != SecondPass.Stage.WAITING and job.alive_at > timezone.now() - STALE:
            return None
        if job.attempts >= MAX_ATTEMPTS:
            fail(job_id, "The work on it broke off three times. The media worker's log says why.")
            return None
        job.stage = SecondPass.Stage.LISTENING
        job.attempts += 1
        job.alive_at = timezone.now()
        job.started_at = job.started_at or job.alive_at
        job.done_ms = job.unplaced = 0
        job.save(update_fields=["stage", "attempts", "alive_at", "started_at", "done_ms", "unplaced"])
    return job


def waiting() -> list[int]:
    """Jobs that nobody works on."""
    idle = SecondPass.objects.exclude(stage__in=OVER)
    left = idle.filter(alive_at__lt=timezone.now() - STALE) | idle.filter(stage=SecondPass.Stage.WAITING)
    return list(left.values_list("pk", flat=True))


def note_progress(job_id: int, done_ms: int) -> bool:
    """A sign of life; False when the job is not there any more."""
    running = SecondPass.objects.filter(pk=job_id, stage=SecondPass.Stage.LISTENING)
    return bool(running.update(done_ms=done_ms, alive_at=timezone.now()))


def finish(job_id: int) -> None:
    _end(job_id, SecondPass.Stage.DONE)


def fail(job_id: int, reason: str) -> None:
    """What was suggested so far stays."""
    _end(job_id, SecondPass.Stage.FAILED, reason=reason[:500])


def _end(job_id: int, stage: SecondPass.Stage, **facts: str) -> None:
    SecondPass.objects.filter(pk=job_id).exclude(stage__in=OVER).update(stage=stage, ended_at=timezone.now(), **facts)


def streams_of(meeting: Meeting) -> list[AudioStream]:
    streams = AudioStream.objects.filter(participant__meeting=meeting, kept_pieces__isnull=False)
    return list(streams.select_related("participant").distinct())


def _pieces(meeting: Meeting) -> QuerySet[KeptPiece]:
    return KeptPiece.objects.filter(stream__participant__meeting=meeting)


def _length_ms(meeting: Meeting) -> int:
    length = _pieces(meeting).aggregate(ms=Sum(F("samples") * 1_000 / F("stream__sample_rate")))["ms"]
    return int(length or 0)


# ── What was heard ──────────────────────────────────────────────────────────────────────────────────────────────────


def suggest(job_id: int, stream: AudioStream, words: Sequence[TimedWord], language: str) -> None:
    """Put the words of a whole stream beside its lines; what was suggested for them before goes."""
    lines = list(stream.segments.filter(kind=Segment.Kind.SPEECH).order_by("start_ms", "sequence"))
    placed, unplaced = place(words, [(line.start_ms, line.end_ms) for line in lines])
    found = [_suggestion(line, heard, language) for line, heard in zip(lines, placed, strict=True)]
    with transaction.atomic():
        Suggestion.objects.filter(segment__stream=stream).delete()
        Suggestion.objects.bulk_create(suggestion for suggestion in found if suggestion is not None)
        SecondPass.objects.filter(pk=job_id).update(unplaced=F("unplaced") + unplaced)


def place(words: Sequence[TimedWord], lines: Sequence[tuple[int, int]]) -> tuple[list[list[TimedWord]], int]:
    """The words of each line (start and end in ms, in order), by their middle or nearest; and how many are left."""
    placed: list[list[TimedWord]] = [[] for _ in lines]
    unplaced = 0
    for word in words:
        middle = (word["start_ms"] + word["end_ms"]) // 2
        at = bisect_right(lines, middle, key=lambda line: line[0])
        near = [index for index in (at - 1, at) if 0 <= index < len(lines)]
        best = min(near, key=lambda index: _distance(lines[index], middle), default=None)
        if best is None or _distance(lines[best], middle) > NEAR_MS:
            unplaced += 1
        else:
            placed[best].append(word)
    return placed, unplaced


def _distance(line: tuple[int, int], ms: int) -> int:
    start, end = line
    return max(start - ms, ms - end, 0)


def _suggestion(line: Segment, words: Sequence[TimedWord], language: str) -> Suggestion | None:
    text = join_words((word["text"] for word in words), language)
    if line.hidden or line.reviewed or line.text != line.recognised_text or not words or text == line.text:
        return None
    confidence = sum(word["confidence"] for word in words) / len(words)
    fields = {"text": text, "words": list(words), "language": language, "confidence": confidence}
    return Suggestion(segment=line, text_before=line.text, **fields)


# ── What becomes of it ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Scope:
    """Which suggestions: of these lines, of one speaker, or all."""

    sequences: Sequence[int] = ()
    participant_id: UUID | None = None


def open_suggestions(meeting: Meeting) -> QuerySet[Suggestion]:
    """Those whose line nobody touched since, and that still reads as it did."""
    lines = Suggestion.objects.filter(segment__meeting=meeting, segment__hidden=False, segment__reviewed=False)
    return lines.filter(segment__text=F("text_before")).order_by("segment__start_ms", "segment__sequence")


def accept(meeting: Meeting, scope: Scope, author: Author) -> UUID | None:
    """Make the suggestions the lines' text; returns the operation, None where nothing was left to take.

    Raises CorrectionRefused.
    """
    mine = Author((_("Second pass, taken by %(name)s") % {"name": author.name})[:80], author.participant)
    with changing(meeting, mine, What.SECOND) as changes:
        wanted = open_suggestions(meeting).select_related("segment__participant")
        if scope.participant_id is not None:
            wanted = wanted.filter(segment__participant=scope.participant_id)
        if scope.sequences:
            wanted = wanted.filter(segment__sequence__in=scope.sequences)
        found = list(wanted)
        for suggestion in found:
            heard = {"words": suggestion.words, "language": suggestion.language or suggestion.segment.language}
            changes.change(suggestion.segment, text=suggestion.text, confidence=suggestion.confidence, **heard)
    return changes.id if found else None


def state(meeting: Meeting) -> dict[str, Any]:
    """How the work stands, and what it suggests: each line as a word diff."""
    job = SecondPass.objects.filter(meeting=meeting).first()
    suggestions = open_suggestions(meeting)
    shown = suggestions.select_related("segment__participant")[:SHOWN]
    return {
        "stage": job.stage if job else "",
        "says": job.get_stage_display() if job else "",
        "percent": job.percent if job else 0,
        "reason": job.reason if job else "",
        "unplaced": job.unplaced if job else 0,
        "count": suggestions.count(),
        "suggestions": [_view(suggestion) for suggestion in shown],
    }


def _view(suggestion: Suggestion) -> dict[str, Any]:
    line = suggestion.segment
    return {
        "sequence": line.sequence,
        "start_ms": line.start_ms,
        "participant_id": str(line.participant_id),
        "name": line.participant.display_name,
        "diff": list(diff(suggestion.text_before, suggestion.text)),
    }
