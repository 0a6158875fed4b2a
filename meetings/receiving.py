"""Uploads are looked at as they come in: what is no recording is refused after its first bytes, or with its last."""

from http import HTTPStatus

from asgiref.sync import async_to_sync
from django.utils.translation import gettext

from meetings.decoder import Failed, find_sound
from meetings.models import Recording
from meetings.services import recordings, uploads
from meetings.services.media_kinds import HEAD, may_be_media
from transcription.decoding import REASONS

STATUS = {"format": HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "length": HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


class ContentRefused(Exception):
    """It cannot be transcribed; the text says why, in the reader's language. `reason` is one of FAILURES."""

    def __init__(self, reason: str) -> None:
        super().__init__(gettext(recordings.FAILURES[reason]))
        self.reason = reason
        self.status = STATUS.get(reason, HTTPStatus.UNPROCESSABLE_ENTITY)


def receive(recording: Recording, offset: int, chunk: bytes) -> Recording:
    """Take a chunk; what cannot be transcribed is given up. Raises UploadRefused, ContentRefused, OSError."""
    received = uploads.receive(recording, offset, chunk)
    try:
        look(received, offset)
    except ContentRefused as refusal:
        recordings.refuse(received, refusal.reason)
        raise
    return received


def look(recording: Recording, offset: int = 0) -> None:
    """At the beginning, if it came with what begins at `offset`, and for sound when all is there.

    Raises ContentRefused. What takes longer to find out is left to the worker.
    """
    path = uploads.path_of(recording)
    if offset < HEAD and (recording.received_bytes >= HEAD or recording.is_complete):
        with path.open("rb") as file:
            if not may_be_media(file.read(HEAD)):
                raise ContentRefused("format")
    if recording.is_complete:
        try:
            async_to_sync(find_sound)(path)
        except Failed as failure:
            if str(failure) in REASONS:
                raise ContentRefused(str(failure)) from failure
