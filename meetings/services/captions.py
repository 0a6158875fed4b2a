"""Storing finals: exactly once, in order, numbered without holes; and reading them again."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from meetings.languages import direction
from meetings.models import AudioStream, Meeting, Segment
from meetings.protocol.events import CaptionFinal, CaptionPartial, SegmentUpdated, WordView
from transcription.captions import SAMPLE_RATE, Final, Gap, Partial, Settled, Word
from transcription.errors import LeaseLost

MAX_MISSED = 200  # finals read in one step


def sequence_key(meeting_id: UUID | str) -> str:
    """Where Redis holds the newest sequence of a meeting, for everybody who cannot ask Postgres."""
    return f"sequence:{meeting_id}"


def edit_key(meeting_id: UUID | str) -> str:
    """Where Redis holds the number of a meeting's newest correction."""
    return f"edits:{meeting_id}"


def claim_stream(stream_id: str) -> tuple[int, int, int] | None:
    """Fence off former owners; returns (fence, settled sample, kept until), or None when the stream is gone."""
    with transaction.atomic():
        stream = AudioStream.objects.select_for_update().filter(pk=stream_id).first()
        if stream is None:
            return None
        stream.fence += 1
        stream.save(update_fields=["fence"])
        return stream.fence, stream.settled_sample, stream.kept_until


def settle_stream(stream_id: str, fence: int, settled: Settled) -> None:
    """Record that all before it is stored or silent, and once how much speech had no words; raises LeaseLost."""
    current = AudioStream.objects.filter(pk=stream_id, fence=fence)
    progress = {
        "settled_sample": settled.sample,
        "silent_samples": F("silent_samples") + settled.sample - F("settled_sample"),
        "wordless_samples": F("wordless_samples") + settled.wordless,
    }
    if not current.filter(settled_sample__lt=settled.sample).update(**progress) and not current.exists():
        raise LeaseLost(f"stream {stream_id} has a newer owner")


def store_caption(stream_id: str, fence: int, caption: Final | Gap) -> CaptionFinal | None:
    """Store a caption under the meeting's next sequence; None when it is stored already. Raises LeaseLost."""
    with transaction.atomic():
        stream = AudioStream.objects.select_for_update(of=("self",)).filter(pk=stream_id, fence=fence).first()
        if stream is None:
            raise LeaseLost(f"stream {stream_id} has a newer owner")
        if caption.end_sample <= stream.settled_sample:
            return None
        segment = _new_segment(stream, caption)
        segment.sequence = _next_sequence(segment.meeting_id)
        segment.save(force_insert=True)
        stream.silent_samples += max(0, caption.start_sample - stream.settled_sample)
        stream.settled_sample = caption.end_sample
        stream.save(update_fields=["settled_sample", "silent_samples"])
    return caption_view(segment)


def _next_sequence(meeting_id: UUID) -> int:
    meeting = Meeting.objects.select_for_update().only("last_sequence").get(pk=meeting_id)
    meeting.last_sequence += 1
    meeting.save(update_fields=["last_sequence"])
    return meeting.last_sequence


def _new_segment(stream: AudioStream, caption: Final | Gap) -> Segment:
    participant = stream.participant
    segment = Segment(
        meeting_id=participant.meeting_id,
        participant=participant,
        stream=stream,
        kind=Segment.Kind.GAP,
        start_sample=caption.start_sample,
        end_sample=caption.end_sample,
        start_ms=to_ms(stream, caption.start_sample),
        end_ms=to_ms(stream, caption.end_sample),
        created_at=timezone.now(),
    )
    if isinstance(caption, Final):
        segment.kind = Segment.Kind.SPEECH
        segment.text = segment.recognised_text = caption.text
        segment.words = [_word(stream, word) for word in caption.words]
        segment.language = caption.language
        segment.confidence = caption.confidence
    return segment


def _word(stream: AudioStream, word: Word) -> dict[str, str | int | float]:
    return {
        "text": word.text,
        "start_ms": to_ms(stream, word.start_sample),
        "end_ms": to_ms(stream, word.end_sample),
        "confidence": round(word.confidence, 3),
    }


def to_ms(stream: AudioStream, sample: int) -> int:
    """Meeting time of a sample at 16 kHz."""
    return stream.offset_ms + sample * 1_000 // SAMPLE_RATE


def caption_view(segment: Segment) -> CaptionFinal:
    return CaptionFinal(**_view(segment))


def updated_view(segment: Segment) -> SegmentUpdated:
    return SegmentUpdated(**_view(segment), edit=segment.edit)


def _view(segment: Segment) -> dict[str, Any]:
    return {
        "sequence": segment.sequence,
        "segment_id": segment.pk,
        "kind": "gap" if segment.kind == Segment.Kind.GAP else "speech",
        "stream_id": str(segment.stream_id),
        "participant_id": str(segment.participant_id),
        "name": segment.participant.display_name,
        "color": segment.participant.color,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "words": [WordView(**word) for word in segment.words],
        "language": segment.language,
        "direction": direction(segment.language, segment.text),
        "confidence": round(segment.confidence, 3),
        "revision": segment.revision,
        "copy": segment.is_copy,
    }


def partial_view(stream: AudioStream, partial: Partial) -> CaptionPartial:
    return CaptionPartial(
        stream_id=str(stream.pk),
        participant_id=str(stream.participant_id),
        start_ms=to_ms(stream, partial.start_sample),
        end_ms=to_ms(stream, partial.end_sample),
        text=partial.text,
        stable_chars=partial.stable_chars,
        language=partial.language,
        direction=direction(partial.language, partial.text),
    )


def captions_after(meeting_id: UUID | str, sequence: int) -> list[CaptionFinal]:
    """At most MAX_MISSED stored captions after `sequence`, in order."""
    return [caption_view(segment) for segment in _stored(meeting_id, sequence)]


def newest_numbers(meeting_id: UUID | str) -> tuple[int, int]:
    """Of its captions and their changes; 0 for a meeting without, or that is gone."""
    return Meeting.objects.filter(pk=meeting_id).values_list("last_sequence", "last_edit").first() or (0, 0)


def _stored(meeting_id: UUID | str, sequence: int) -> Iterable[Segment]:
    later = Segment.objects.filter(meeting_id=meeting_id, sequence__gt=sequence)
    return later.select_related("participant").order_by("sequence")[:MAX_MISSED]


def edits_after(meeting_id: UUID | str, edit: int) -> list[SegmentUpdated]:
    """At most MAX_MISSED segments corrected after `edit`, in order of their last correction."""
    later = Segment.objects.filter(meeting_id=meeting_id, edit__gt=edit).select_related("participant")
    return [updated_view(segment) for segment in later.order_by("edit")[:MAX_MISSED]]
