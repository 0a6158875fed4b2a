"""Finals are stored once, in order, numbered without holes, and only by the stream's newest owner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from meetings.models import AudioStream, Meeting, Participant, Segment, User
from meetings.services.captions import captions_after, claim_stream, settle_stream, store_caption
from transcription.captions import Final, Gap, Settled, Word
from transcription.errors import LeaseLost

pytestmark = pytest.mark.django_db(transaction=True)


def final(start_sample: int, text: str = "Good morning.") -> Final:
    word = Word(text, start_sample, start_sample + 16_000, 0.9)
    return Final(start_sample, start_sample + 16_000, text, (word,), "en", 0.9)


@pytest.fixture
def meeting() -> Meeting:
    host = User.objects.create_user("ada@example.org", display_name="Ada")
    started = timezone.now() - timedelta(minutes=1)
    return Meeting.objects.create(title="Stand-up", host=host, status=Meeting.Status.LIVE, started_at=started)


def new_stream(meeting: Meeting, name: str = "Ada") -> AudioStream:
    speaker = Participant.objects.create(meeting=meeting, display_name=name, role=Participant.Role.MEMBER, color=2)
    return AudioStream.objects.create(participant=speaker, offset_ms=5_000)


def claimed(stream: AudioStream) -> int:
    claim = claim_stream(str(stream.pk))
    assert claim is not None
    return claim[0]


def test_a_final_gets_the_next_sequence_and_meeting_time(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    fence = claimed(stream)
    first = store_caption(str(stream.pk), fence, final(16_000))
    second = store_caption(str(stream.pk), fence, final(48_000, "Second."))
    assert first is not None
    assert second is not None
    assert (first.sequence, first.start_ms, first.end_ms) == (1, 6_000, 7_000)
    assert (first.name, first.color, first.words[0].start_ms) == ("Ada", 2, 6_000)
    assert second.sequence == 2
    assert [caption.text for caption in captions_after(meeting.pk, 0)] == ["Good morning.", "Second."]
    assert captions_after(meeting.pk, 2) == []


def test_the_same_caption_is_stored_once(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    fence = claimed(stream)
    assert store_caption(str(stream.pk), fence, final(0)) is not None
    assert store_caption(str(stream.pk), fence, final(0)) is None
    assert Segment.objects.count() == 1


def test_a_former_owner_can_neither_store_nor_settle(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    old = claimed(stream)
    new = claimed(stream)
    with pytest.raises(LeaseLost):
        store_caption(str(stream.pk), old, final(0))
    with pytest.raises(LeaseLost):
        settle_stream(str(stream.pk), old, Settled(100))
    assert store_caption(str(stream.pk), new, final(0)) is not None


def test_a_new_owner_goes_on_after_the_last_final(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    store_caption(str(stream.pk), claimed(stream), final(16_000))
    claim = claim_stream(str(stream.pk))
    assert claim is not None
    assert claim[1] == 32_000


def test_settling_never_goes_back(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    fence = claimed(stream)
    settle_stream(str(stream.pk), fence, Settled(500))
    settle_stream(str(stream.pk), fence, Settled(400))
    stream.refresh_from_db()
    assert stream.settled_sample == 500


def test_speech_without_words_is_counted_once_however_often_it_is_heard(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    for _ in range(2):  # the second owner was told to hear it again
        settle_stream(str(stream.pk), claimed(stream), Settled(32_000, wordless=16_000))
    former = claimed(stream)
    settle_stream(str(stream.pk), claimed(stream), Settled(64_000, wordless=8_000))
    with pytest.raises(LeaseLost):
        settle_stream(str(stream.pk), former, Settled(96_000, wordless=32_000))
    stream.refresh_from_db()
    assert stream.wordless_samples == 24_000


def test_a_gap_is_part_of_the_log(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    stored = store_caption(str(stream.pk), claimed(stream), Gap(0, 32_000))
    assert stored is not None
    assert (stored.kind, stored.text, stored.start_ms, stored.end_ms) == ("gap", "", 5_000, 7_000)


def test_a_deleted_stream_cannot_be_claimed(meeting: Meeting) -> None:
    stream = new_stream(meeting)
    stream_id = str(stream.pk)
    stream.delete()
    assert claim_stream(stream_id) is None


def test_many_speakers_storing_at_once_leave_no_hole(meeting: Meeting) -> None:
    streams = [new_stream(meeting, f"Speaker {number}") for number in range(4)]
    fences = {stream.pk: claimed(stream) for stream in streams}

    def speak(stream: AudioStream) -> None:
        try:
            for number in range(10):
                store_caption(str(stream.pk), fences[stream.pk], final(number * 32_000, f"{number}"))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(speak, streams))
    assert [caption.sequence for caption in captions_after(meeting.pk, 0)] == list(range(1, 41))
    for stream in streams:
        texts = Segment.objects.filter(stream=stream).order_by("sequence").values_list("text", flat=True)
        assert list(texts) == [str(number) for number in range(10)]
