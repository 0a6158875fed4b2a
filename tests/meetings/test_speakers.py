"""Lines of a recording go to the speakers that were found in it; what people did to them stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from meetings.models import AudioStream, Job, Meeting, Participant, Segment, User
from meetings.services import recordings
from meetings.services.corrections import Author, CorrectionRefused, Line, correct_text, undo
from meetings.services.review import LineRef, Reassign, apply
from meetings.services.review_lines import changed_lines
from meetings.services.speakers import Diarization, assign
from meetings.services.uploads import begin
from transcription.diarization.turns import Turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def stream(ada: User, settings: Any, tmp_path: Any) -> AudioStream:
    """Of an uploaded recording."""
    settings.VAR_DIR = tmp_path
    recording = begin(ada, "Board", "en", 4)
    (info,) = recordings.open_recording(recording.job, 60_000)
    return AudioStream.objects.select_related("participant").get(pk=info.stream_id)


def line(stream: AudioStream, start_ms: int, text: str, word_ms: int = 500) -> Segment:
    """A line whose words take `word_ms` each."""
    meeting = stream.participant.meeting
    meeting.last_sequence += 1
    meeting.save(update_fields=["last_sequence"])
    words = [
        {"text": word, "start_ms": start_ms + at * word_ms, "end_ms": start_ms + (at + 1) * word_ms, "confidence": 0.9}
        for at, word in enumerate(text.split())
    ]
    return Segment.objects.create(
        meeting=meeting,
        participant=stream.participant,
        stream=stream,
        sequence=meeting.last_sequence,
        start_sample=start_ms * 16,
        end_sample=(start_ms + len(words) * word_ms) * 16,
        start_ms=start_ms,
        end_ms=start_ms + len(words) * word_ms,
        text=text,
        recognised_text=text,
        words=words,
        language="en",
    )


def said(stream: AudioStream) -> list[tuple[str, str]]:
    lines = stream.segments.select_related("participant").order_by("start_ms", "sequence")
    return [(segment.participant.display_name, segment.text) for segment in lines]


def test_whole_lines_go_to_their_speakers(stream: AudioStream) -> None:
    line(stream, 0, "good morning everybody")
    line(stream, 5_000, "hello to you")
    line(stream, 9_000, "let us begin")
    assert len(assign([stream], [Turn(0, 2_000, 0), Turn(4_900, 7_000, 1), Turn(9_000, 11_000, 0)])) == 2
    assert said(stream) == [
        ("Speaker 1", "good morning everybody"),
        ("Speaker 2", "hello to you"),
        ("Speaker 1", "let us begin"),
    ]


def test_a_line_of_two_speakers_becomes_two_and_loses_no_word(stream: AudioStream) -> None:
    line(stream, 0, "are you ready yes I am")
    line(stream, 10_000, "fine")
    assign([stream], [Turn(0, 1_500, 0), Turn(1_500, 3_000, 1), Turn(10_000, 11_000, 0)])
    assert said(stream) == [("Speaker 1", "are you ready"), ("Speaker 2", "yes I am"), ("Speaker 1", "fine")]
    lines = list(stream.segments.order_by("start_ms"))
    assert [(part.start_ms, part.end_ms) for part in lines] == [(0, 1_500), (1_500, 3_000), (10_000, 10_500)]
    assert [part.recognised_text for part in lines] == [part.text for part in lines]
    assert sorted(part.sequence for part in lines) == [1, 2, 3]
    meeting = Meeting.objects.get(pk=stream.participant.meeting_id)
    assert (meeting.last_sequence, meeting.last_edit) == (3, 2)  # the first speaker's whole line is as it was


def test_turns_are_in_meeting_time_wherever_the_stream_begins(stream: AudioStream) -> None:
    stream.offset_ms = 60_000
    stream.save()
    line(stream, 60_000, "one two")
    line(stream, 65_000, "three four")
    assign([stream], [Turn(60_000, 61_000, 0), Turn(65_000, 66_000, 1)])
    assert said(stream) == [("Speaker 1", "one two"), ("Speaker 2", "three four")]


def test_lines_that_somebody_corrected_or_reviewed_are_left_alone(stream: AudioStream) -> None:
    corrected, reviewed = line(stream, 0, "are you ready yes I am"), line(stream, 5_000, "one two three four")
    correct_text(stream.participant.meeting, Line(corrected.sequence, 0), "Are you ready? Yes.", Author("Ada"))
    Segment.objects.filter(pk=reviewed.pk).update(reviewed=True)
    assign([stream], [Turn(0, 500, 0), Turn(500, 6_000, 1), Turn(6_000, 9_000, 0)])
    assert said(stream) == [("Speaker 1", "Are you ready? Yes."), ("Speaker 1", "one two three four")]


def test_a_page_that_shows_the_line_as_it_was_cannot_change_it(stream: AudioStream) -> None:
    mixed = line(stream, 0, "are you ready yes I am")
    assign([stream], [Turn(0, 1_500, 0), Turn(1_500, 3_000, 1)])
    meeting = stream.participant.meeting
    assert {(shown["text"], shown["revision"]) for shown in changed_lines(meeting, 0)["lines"]} == {
        ("are you ready", 1),
        ("yes I am", 1),
    }
    with pytest.raises(CorrectionRefused, match="meanwhile"):
        correct_text(meeting, Line(mixed.sequence, 0), "Are you ready? Yes, I am.", Author("Ada"))


def test_the_change_stands_in_the_history_and_can_be_taken_back(stream: AudioStream) -> None:
    mixed = line(stream, 0, "are you ready yes I am")
    assign([stream], [Turn(0, 1_500, 1), Turn(1_500, 3_000, 0)])
    (change,) = mixed.revisions.all()
    assert (change.author_name, change.what) == ("Telling speakers apart", "speaker")
    assert not Segment.objects.get(pk=mixed.pk).is_corrected
    undo(stream.participant.meeting, change.operation, Author("Ada"))
    shown = stream.segments.filter(hidden=False).select_related("participant")
    assert [(part.participant, part.text, part.end_ms) for part in shown] == [
        (stream.participant, "are you ready yes I am", 3_000)
    ]


def test_an_approved_transcript_is_left_as_it_is_and_the_upload_says_so(stream: AudioStream) -> None:
    line(stream, 0, "are you ready yes I am")
    Meeting.objects.update(review=Meeting.Review.APPROVED)
    job = Job.objects.get()
    recordings.finish(job.pk, Diarization([Turn(0, 1_500, 0), Turn(1_500, 3_000, 1)]))
    assert said(stream) == [("Recording", "are you ready yes I am")]
    job.refresh_from_db()
    assert job.stage == Job.Stage.DONE
    assert "approved" in recordings.notice(job)


def test_a_name_given_meanwhile_stays(stream: AudioStream) -> None:
    line(stream, 0, "hello")
    line(stream, 3_000, "hi")
    Participant.objects.filter(pk=stream.participant_id).update(display_name="Bob")
    assign([stream], [Turn(0, 500, 0), Turn(3_000, 3_500, 1)])
    assert said(stream) == [("Bob", "hello"), ("Speaker 2", "hi")]


def test_a_line_that_was_given_to_somebody_stays_theirs(stream: AudioStream) -> None:
    meeting = stream.participant.meeting
    bea = Participant.objects.create(meeting=meeting, display_name="Bea", role=Participant.Role.MEMBER)
    mixed = line(stream, 0, "are you ready yes I am")
    Meeting.objects.update(review=Meeting.Review.IN_REVIEW, ended_at=timezone.now() + timedelta(minutes=1))
    apply(meeting, Reassign([LineRef(mixed.sequence, 0)], bea.pk), Author("Ada"))
    assign([stream], [Turn(0, 1_500, 0), Turn(1_500, 9_000, 1)])
    assert said(stream) == [("Bea", "are you ready yes I am")]


def test_lines_without_words_and_gaps_are_kept(stream: AudioStream) -> None:
    unclear = line(stream, 0, "[unclear]")
    Segment.objects.filter(pk=unclear.pk).update(words=[])
    gap = line(stream, 2_000, "")
    Segment.objects.filter(pk=gap.pk).update(kind=Segment.Kind.GAP)
    assign([stream], [Turn(0, 400, 1), Turn(400, 500, 0)])
    assert said(stream)[0] == ("Speaker 2", "[unclear]")
    assert stream.segments.filter(kind=Segment.Kind.GAP).count() == 1


def test_words_at_the_same_time_still_make_lines_of_their_own(stream: AudioStream) -> None:
    line(stream, 0, "one two", word_ms=0)
    line(stream, 0 + 1, "three four", word_ms=700)
    assign([stream], [Turn(0, 700, 0), Turn(700, 1_500, 1)])
    assert [text for _, text in said(stream)] == ["one two", "three", "four"]


def test_no_turns_change_nothing(stream: AudioStream) -> None:
    line(stream, 0, "good morning")
    assert not assign([stream], [])
    assert said(stream) == [("Recording", "good morning")]
