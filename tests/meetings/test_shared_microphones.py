"""Who shared a microphone is told apart after the meeting, inside that microphone, from the audio that was kept."""

import importlib.util
from typing import Any

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.utils import timezone
from numpy.typing import NDArray

from meetings.diarizing import diarize_room
from meetings.models import AudioStream, KeptPiece, Meeting, Participant, User
from meetings.models.keeping import kept_storage
from meetings.services import kept_audio, shared_microphones
from meetings.services.speakers import Diarization
from tests.meetings.cast import ended, signed_in
from tests.meetings.test_speakers import line, said
from tests.speech import telephone_call
from transcription.diarization.bundle import find_bundle
from transcription.diarization.turns import Turn

pytestmark = pytest.mark.django_db
INSTALLED = importlib.util.find_spec("pyannote") is not None and find_bundle() is not None


@pytest.fixture
def room(meeting: Meeting, settings: Any, tmp_path: Any) -> AudioStream:
    """Room 4's microphone, ten seconds into Ada's meeting."""
    settings.STORAGES = {
        **settings.STORAGES,
        "kept_audio": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }
    person = Participant.objects.create(meeting=meeting, display_name="Room 4", role=Participant.Role.MEMBER)
    return AudioStream.objects.create(participant=person, shared=True, offset_ms=10_000)


def keep(stream: AudioStream, first_sample: int, samples: NDArray[np.int16]) -> None:
    flac = kept_audio.encode(samples.tobytes(), 16_000)
    name = kept_storage().save(f"{stream.pk}/{first_sample}.flac", ContentFile(flac))
    KeptPiece.objects.create(
        stream=stream, first_sample=first_sample, samples=len(samples), file=name, size_bytes=len(flac)
    )


def is_untold(stream: AudioStream) -> bool:
    stream.refresh_from_db()
    return stream.diarized_at is None


def noise(count: int) -> NDArray[np.int16]:
    return np.random.default_rng(1).integers(-500, 500, count, np.int16)


def test_a_shared_stream_waits_when_its_meeting_is_over_and_its_audio_was_kept(room: AudioStream) -> None:
    assert shared_microphones.waiting() == []
    keep(room, 0, noise(1_600))
    assert shared_microphones.waiting() == []
    ended(room.participant.meeting)
    assert shared_microphones.waiting() == [room.participant_id]
    AudioStream.objects.update(shared=False)
    assert shared_microphones.waiting() == []


def test_audio_lies_where_it_was_spoken_and_what_was_not_kept_is_silence(room: AudioStream) -> None:
    first, second = noise(4_000), noise(2_000)
    keep(room, 0, first)
    keep(room, 36_000, second)
    heard = np.frombuffer(b"".join(shared_microphones.samples(room.participant_id)), "<i2")
    assert len(heard) == 38_000
    np.testing.assert_array_equal(heard[:4_000], first)
    np.testing.assert_array_equal(heard[36_000:], second)
    assert not heard[4_000:36_000].any()


def test_the_lines_go_to_speakers_of_the_room_once(room: AudioStream) -> None:
    line(room, 10_000, "good morning from us")
    line(room, 15_000, "and from me")
    told = Diarization([Turn(0, 2_500, 0), Turn(5_000, 7_000, 1)])
    shared_microphones.finish(room.participant_id, told)
    shared_microphones.finish(room.participant_id, told)
    assert said(room) == [("Room 4 / Speaker 1", "good morning from us"), ("Room 4 / Speaker 2", "and from me")]
    assert not is_untold(room)
    names = sorted(room.participant.meeting.participants.values_list("display_name", flat=True))
    assert names == ["Ada", "Room 4", "Room 4 / Speaker 1", "Room 4 / Speaker 2"]


def test_an_approved_transcript_waits_until_it_is_opened_again(room: AudioStream) -> None:
    keep(room, 0, noise(1_600))
    line(room, 10_000, "good morning from us")
    meeting = ended(room.participant.meeting)
    told = Diarization([Turn(0, 2_500, 0)])
    Meeting.objects.update(review=Meeting.Review.APPROVED)
    assert shared_microphones.waiting() == []
    shared_microphones.finish(room.participant_id, told)  # approved while it was listened to
    assert said(room) == [("Room 4", "good morning from us")]
    assert meeting.participants.count() == 2
    Meeting.objects.update(review=Meeting.Review.IN_REVIEW)
    assert shared_microphones.waiting() == [room.participant_id]
    shared_microphones.finish(room.participant_id, told)
    assert said(room) == [("Room 4 / Speaker 1", "good morning from us")]


def test_the_streams_of_a_microphone_have_the_same_speakers(room: AudioStream) -> None:
    again = AudioStream.objects.create(participant=room.participant, shared=True, offset_ms=12_000)
    line(room, 10_000, "hello")
    line(again, 12_000, "here we are")
    line(again, 40_000, "nobody kept this")
    keep(room, 0, noise(16_000))
    keep_of_again = noise(8_000)
    keep(again, 4_000, keep_of_again)
    heard = np.frombuffer(b"".join(shared_microphones.samples(room.participant_id)), "<i2")
    np.testing.assert_array_equal(heard[36_000:44_000], keep_of_again)
    shared_microphones.finish(room.participant_id, Diarization([Turn(0, 1_000, 0), Turn(2_000, 3_600, 0)]))
    assert said(room) == [("Room 4 / Speaker 1", "hello")]
    assert said(again) == [("Room 4 / Speaker 1", "here we are"), ("Room 4", "nobody kept this")]


def test_it_is_tried_again_when_the_extra_was_missing_and_given_up_when_it_failed(room: AudioStream) -> None:
    shared_microphones.finish(room.participant_id, Diarization(unable="extra"))
    assert is_untold(room)
    shared_microphones.finish(room.participant_id, Diarization(unable="crash"))
    assert not is_untold(room)


def test_one_worker_tells_a_room_apart_until_it_dies(room: AudioStream) -> None:
    keep(room, 0, noise(1_600))
    ended(room.participant.meeting)
    assert shared_microphones.take(room.participant_id)
    assert not shared_microphones.take(room.participant_id)
    assert shared_microphones.waiting() == []
    die(room)
    assert shared_microphones.waiting() == [room.participant_id]
    shared_microphones.note_alive(room.participant_id)
    assert not shared_microphones.take(room.participant_id)


def die(room: AudioStream) -> None:
    AudioStream.objects.update(diarizing_at=timezone.now() - 2 * shared_microphones.STALE)


def test_a_room_whose_workers_die_of_it_is_given_up_and_the_review_says_so(room: AudioStream, ada: User) -> None:
    ended(room.participant.meeting)
    for _ in range(shared_microphones.MAX_ATTEMPTS):
        assert shared_microphones.take(room.participant_id)
        die(room)
    assert not shared_microphones.take(room.participant_id)
    assert not is_untold(room)
    page = signed_in(ada).get(f"/m/{room.participant.meeting.code}/review/").content.decode()
    assert "Room 4: Speakers were not told apart: it failed." in page
    with pytest.raises(shared_microphones.RoomGone):
        shared_microphones.note_alive(room.participant_id)


def test_what_somebody_may_mend_is_no_attempt(room: AudioStream) -> None:
    for _ in range(shared_microphones.MAX_ATTEMPTS + 1):
        assert shared_microphones.take(room.participant_id)
        shared_microphones.finish(room.participant_id, Diarization(unable="disk"))
    assert is_untold(room)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")
def test_two_real_people_at_one_microphone_are_told_apart(room: AudioStream) -> None:
    samples, turns = telephone_call()
    pcm = (samples * 32_767).astype(np.int16)
    for first in range(0, len(pcm), 160_000):
        keep(room, first, pcm[first : first + 160_000])
    for start, end, name in sorted(turns, key=lambda turn: turn[0] - turn[1])[:2]:  # the longest are of one each
        line(room, 10_000 + round(start * 1_000), name, word_ms=round((end - start) * 1_000))
    async_to_sync(diarize_room)(room.participant_id)
    names = [name for name, _ in said(room)]
    assert sorted(names) == ["Room 4 / Speaker 1", "Room 4 / Speaker 2"]
