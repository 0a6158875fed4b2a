"""Correcting what was recognised: every change is a revision."""

from django.db import transaction

from meetings.models import Participant, Segment, SegmentRevision


def correct_text(segment_id: int, text: str, *, author_name: str, author: Participant | None = None) -> Segment:
    """Change a segment's text and note what it was before, by whom."""
    with transaction.atomic():
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        if text == segment.text:
            return segment
        segment.revision += 1
        SegmentRevision.objects.create(
            segment=segment,
            revision=segment.revision,
            text_before=segment.text,
            text_after=text,
            author=author,
            author_name=author_name,
        )
        segment.text = text
        segment.save(update_fields=["text", "revision"])
    return segment
