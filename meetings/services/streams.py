"""Audio streams of a meeting: opening one for a microphone, and completing the meeting when all are done."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from meetings.models import AudioStream, Meeting, Participant
from meetings.protocol.requests import AudioStart
from meetings.services.rooms import MeetingOver, complete_meeting
from meetings.services.vocabulary import vocabulary_of
from transcription.streams import StreamInfo


class StreamRefused(Exception):
    """The stream cannot be opened; the text says why."""


def open_stream(
    participant_id: UUID, start: AudioStart, preferred_languages: tuple[str, ...] = ()
) -> tuple[StreamInfo, datetime]:
    """A new stream, or the participant's own one to go on with; returns it and when its sample 0 was spoken.

    Raises StreamRefused when its `stream_id` is not the participant's or was recorded at another rate, and MeetingOver.
    """
    participant = Participant.objects.select_related("meeting").get(pk=participant_id)
    if not participant.meeting.takes_audio:
        raise MeetingOver
    if start.stream_id:
        stream = _own_stream(participant, start.stream_id)
        if stream.sample_rate != start.sample_rate:
            raise StreamRefused("the stream was begun at another sample rate")
    else:
        stream = _new_stream(participant, start)
    return _info(participant, stream, preferred_languages), stream.started_at


def _own_stream(participant: Participant, stream_id: str) -> AudioStream:
    try:
        return participant.streams.get(pk=UUID(stream_id))
    except (ValueError, AudioStream.DoesNotExist):
        raise StreamRefused("there is no such stream of yours") from None


def _new_stream(participant: Participant, start: AudioStart) -> AudioStream:
    now = timezone.now()
    return AudioStream.objects.create(
        participant=participant,
        sample_rate=start.sample_rate,
        language=start.language or participant.meeting.language,
        shared=start.shared,
        offset_ms=participant.meeting.offset_ms(now),
        started_at=now,
    )


def _info(participant: Participant, stream: AudioStream, preferred_languages: tuple[str, ...]) -> StreamInfo:
    return StreamInfo(
        stream_id=str(stream.pk),
        meeting_id=str(participant.meeting_id),
        participant_id=str(participant.pk),
        sample_rate=stream.sample_rate,
        language=stream.language,
        preferred_languages=preferred_languages,
        vocabulary=vocabulary_of(participant),
    )


def note_received(stream_id: str, sample: int) -> None:
    """Keep how far the audio went for longer than the bus does."""
    AudioStream.objects.filter(pk=stream_id, received_until__lt=sample).update(received_until=sample)


def finishing_meetings() -> dict[UUID, list[str]]:
    """Meetings that ended but are not complete, with their stream ids."""
    return {
        meeting.pk: stream_ids_of(meeting.pk) for meeting in Meeting.objects.filter(status=Meeting.Status.FINISHING)
    }


def unfinished_streams(meeting_id: UUID) -> list[str]:
    """Stream ids of a meeting that ended but is not complete; empty for every other."""
    finishing = Meeting.objects.filter(pk=meeting_id, status=Meeting.Status.FINISHING).exists()
    return stream_ids_of(meeting_id) if finishing else []


def stream_ids_of(meeting_id: UUID | str) -> list[str]:
    streams = AudioStream.objects.filter(participant__meeting_id=meeting_id)
    return [str(pk) for pk in streams.values_list("pk", flat=True)]


def finish_drained(meeting_id: UUID | str) -> None:
    """Mark a finishing meeting whose audio is all settled as complete."""
    AudioStream.objects.filter(participant__meeting_id=meeting_id, ended_at=None).update(ended_at=timezone.now())
    complete_meeting(Meeting.objects.get(pk=meeting_id))
