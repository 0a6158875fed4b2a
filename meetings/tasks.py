"""Periodic work, safe to run twice."""

from functools import partial
from uuid import UUID

from asgiref.sync import async_to_sync
from celery import shared_task
from django.conf import settings

from meetings import diarizing, hearing_again
from meetings.feeding import transcribe
from meetings.redis import audio_bus, with_redis
from meetings.services import (
    abandoned,
    attendance,
    batches,
    deliveries,
    documents,
    idempotency,
    proposals,
    recordings,
    retention,
    rooms,
    second_pass,
    sessions,
    shared_microphones,
    streams,
    uploads,
    voices,
)

RESUME_SECONDS = 5.0
TELL_APART_SECONDS = 60.0


@shared_task
def expire_presence() -> int:
    """Show participants whose connection died without a word as left; returns how many."""
    return with_redis(attendance.expire)


@shared_task
def end_abandoned() -> int:
    """End meetings that everybody left long ago; returns how many."""
    return abandoned.end_abandoned()


@shared_task
def complete_meetings() -> int:
    """Complete ended meetings whose last audio is settled; returns how many. The others are told that they end."""
    count = 0
    for meeting_id, stream_ids in streams.finishing_meetings().items():
        if with_redis(partial(_drained, stream_ids)):
            streams.finish_drained(meeting_id)
            count += 1
        else:
            rooms.announce_end(meeting_id)
    return count


async def _drained(stream_ids: list[str]) -> bool:
    return await audio_bus().drained(stream_ids)


@shared_task
def transcribe_recording(job_id: int) -> None:
    """On the `media` queue: as long as the recording takes."""
    transcribe(job_id)


@shared_task
def resume_recordings() -> int:
    """Start what waits and what a dead worker left; returns how many."""
    jobs = recordings.waiting_jobs()
    for job_id in jobs:
        transcribe_recording.apply_async([job_id], expires=RESUME_SECONDS)
    return len(jobs)


@shared_task
def tell_shared_apart(room_id: str) -> None:
    """On the `media` queue: who spoke into a shared microphone, from its kept audio."""
    async_to_sync(diarizing.diarize_room)(UUID(room_id))


@shared_task
def tell_apart() -> int:
    """Start telling apart who shared a microphone in meetings that are over; returns of how many."""
    waiting = shared_microphones.waiting()
    for room_id in waiting:
        tell_shared_apart.apply_async([str(room_id)], expires=TELL_APART_SECONDS)
    return len(waiting)


@shared_task
def learn_voice(participant_id: str) -> None:
    """On the `media` queue: what somebody who agreed to it sounds like, from their kept audio."""
    async_to_sync(diarizing.learn_voice)(UUID(participant_id))


@shared_task
def learn_voices() -> int:
    """Start learning the voices of those who agreed and are not known yet; returns how many."""
    waiting = voices.waiting()
    for participant_id in waiting:
        learn_voice.apply_async([str(participant_id)], expires=TELL_APART_SECONDS)
    return len(waiting)


@shared_task
def forget_uploads() -> int:
    """Give up uploads and jobs whose time is over, and files that nobody has any more; returns how many."""
    return uploads.forget_old() + batches.forget_expired() + uploads.sweep()


@shared_task
def forget_keys() -> int:
    """Forget requests that nobody sends again by now; returns how many."""
    return idempotency.forget_old()


@shared_task
def end_sessions() -> int:
    """End the sessions of programs that have not come back; returns how many."""
    expired = with_redis(sessions.expired)
    for stream_id in expired:
        sessions.end(stream_id)
        with_redis(partial(sessions.forget, stream_id))
    return len(expired)


@shared_task
def expire() -> tuple[int, int]:
    """Delete what was kept for long enough; returns of how many meetings the audio, and how many whole."""
    return retention.expire_audio(), retention.expire_meetings()


@shared_task
def sweep_kept_audio() -> tuple[int, int]:
    """Delete kept files without a row and rows without a file; returns how many."""
    return retention.sweep()


@shared_task
def transcribe_again(job_id: int) -> None:
    """On the `media` queue: a second pass over a meeting's kept audio."""
    hearing_again.run(job_id)


@shared_task
def begin_second_passes() -> int:
    """Start what waits, what begins by itself and what a dead worker left; returns how many."""
    if model := settings.ENVIRONMENT.second_pass_model:
        second_pass.request_recent(model)
    jobs = second_pass.waiting()
    for job_id in jobs:
        transcribe_again.apply_async([job_id], expires=RESUME_SECONDS)
    return len(jobs)


@shared_task
def make_document(document_id: str) -> None:
    """Takes up to minutes."""
    documents.make(UUID(document_id))


@shared_task
def make_documents() -> int:
    """Start on what was ordered; returns how many. Who takes one first makes it, so twice does no harm."""
    ordered = documents.waiting()
    for document_id in ordered:
        make_document.apply_async([str(document_id)], expires=RESUME_SECONDS)
    return len(ordered)


@shared_task
def forget_documents() -> int:
    """Delete what is older than a day, and give up what a dead worker left; returns how many."""
    return documents.forget()


@shared_task
def read_for_proposal(proposal_id: int) -> None:
    """Takes as long as the language model does: minutes for a long meeting."""
    proposals.read(proposal_id)


@shared_task
def read_for_proposals() -> int:
    """Start on what hosts asked for; returns how many."""
    asked = proposals.waiting()
    for proposal_id in asked:
        read_for_proposal.apply_async([proposal_id], expires=RESUME_SECONDS)
    return len(asked)


@shared_task
def deliver_webhooks() -> int:
    """Tell webhooks what is due; returns how many were told."""
    return async_to_sync(deliveries.deliver_due)()


@shared_task
def forget_deliveries() -> int:
    """Shorten the logs of webhooks; returns by how many entries."""
    return deliveries.forget_old()
