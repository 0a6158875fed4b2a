"""The audit finds what does not add up, and nothing in a meeting that does."""

import pytest
from django.core.management import CommandError, call_command

from meetings.models import AudioStream, Meeting, Participant, Segment, User
from meetings.services import audit, captions
from transcription.captions import Final, Gap, Settled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream() -> AudioStream:
    host = User.objects.create(email="ada@example.org", display_name="Ada")
    meeting = Meeting.objects.create(title="Standup", host=host, last_sequence=2)
    ada = Participant.objects.create(meeting=meeting, user=host, display_name="Ada", role=Participant.Role.HOST)
    made = AudioStream.objects.create(participant=ada, offset_ms=0)
    AudioStream.objects.update(settled_sample=48_000, silent_samples=16_000, received_until=48_000)
    made.refresh_from_db()
    segment(made, 1, 0, 16_000)
    segment(made, 2, 16_000, 32_000)
    return made


def segment(stream: AudioStream, sequence: int, start: int, end: int) -> None:
    Segment.objects.create(
        meeting=stream.participant.meeting, participant=stream.participant, stream=stream, sequence=sequence,
        start_sample=start, end_sample=end, start_ms=start // 16, end_ms=end // 16,
    )  # fmt: skip


def problems(stream: AudioStream) -> list[str]:
    return [problem.partition(": ")[2] or problem for problem in audit.problems(stream.participant.meeting)]


def test_a_meeting_that_adds_up_has_no_problems(stream: AudioStream) -> None:
    call_command("audit_meeting", stream.participant.meeting.code)


def test_a_hole_in_the_numbers_is_found(stream: AudioStream) -> None:
    Segment.objects.get(sequence=1).delete()
    assert "caption 1 is missing" in problems(stream)


def test_an_overlap_is_found(stream: AudioStream) -> None:
    Segment.objects.filter(sequence=2).update(start_sample=15_000)
    assert problems(stream) == ["captions 1 and 2 overlap"]


def test_a_caption_in_the_wrong_order_is_found(stream: AudioStream) -> None:
    Segment.objects.filter(sequence=1).update(start_sample=32_000, end_sample=48_000)
    assert problems(stream) == ["caption 1 was stored before 2, and spoken after it"]


def test_acknowledged_audio_that_nobody_settled_fails_the_command(stream: AudioStream) -> None:
    AudioStream.objects.update(received_until=64_000)
    with pytest.raises(CommandError, match=r"1\.0 s of acknowledged audio are not settled"):
        call_command("audit_meeting", stream.participant.meeting.code)


def test_more_captions_than_audio_is_found(stream: AudioStream) -> None:
    AudioStream.objects.update(settled_sample=20_000, received_until=20_000)
    assert problems(stream) == ["captions cover more audio than there is"]


def test_a_caption_that_is_gone_is_found_by_its_length(stream: AudioStream) -> None:
    Segment.objects.filter(sequence=2).delete()
    stream.participant.meeting.last_sequence = 1
    assert problems(stream) == ["1.0 s were in captions that are not stored any more"]


def test_silence_is_counted_when_it_is_settled() -> None:
    host = User.objects.create(email="ada@example.org", display_name="Ada")
    meeting = Meeting.objects.create(title="Standup", host=host)
    ada = Participant.objects.create(meeting=meeting, user=host, display_name="Ada", role=Participant.Role.HOST)
    made = AudioStream.objects.create(participant=ada, offset_ms=0)
    name, fence = str(made.pk), made.fence
    captions.settle_stream(name, fence, Settled(1_000))
    captions.settle_stream(name, fence, Settled(500))
    captions.store_caption(name, fence, Final(3_000, 5_000, "yes", (), "en", 0.9))
    captions.store_caption(name, fence, Final(3_000, 5_000, "yes", (), "en", 0.9))
    captions.store_caption(name, fence, Gap(5_000, 6_000))
    captions.settle_stream(name, fence, Settled(8_000))
    for row in (made, meeting):
        row.refresh_from_db()
    assert (made.settled_sample, made.silent_samples) == (8_000, 1_000 + 2_000 + 2_000)
    assert list(audit.problems(meeting)) == []
