"""Correcting what was recognised: every change is a revision."""

from django.db import transaction

from meetings.models import Participant, Segment, SegmentRevision


class Outdated(Exception):
    """Somebody corrected it meanwhile: `revision` is the newest."""

    def __init__(self, revision: int) -> None:
        super().__init__(revision)
        self.revision = revision


def correct_text(
    segment_id: int, text: str, *, author_name: str, author: Participant | None = None, read: int | None = None
) -> Segment:
    """Change a segment's text and note what it was before, by whom.

    `read` is the revision the author had before them; raises Outdated when there is a newer one.
    """
    with transaction.atomic():
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        if read is not None and read != segment.revision:
            raise Outdated(segment.revision)
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
