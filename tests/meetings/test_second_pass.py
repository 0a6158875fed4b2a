"""The second pass: kept audio is heard again by a process of its own, and people take what it suggests."""

import io
import json
from contextlib import nullcontext
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from meetings import hearing_again, tasks
from meetings.models import (
    AudioStream,
    Job,
    KeptPiece,
    Meeting,
    Recording,
    SecondPass,
    Segment,
    Suggestion,
    User,
)
from meetings.services import kept_audio, review, second_pass
from meetings.services.corrections import Author, CorrectionRefused
from meetings.services.second_pass import Scope
from meetings.words import TimedWord
from tests.meetings.cast import ended, signed_in
from tests.meetings.test_listening import guest, keep, stream_of
from tests.speech import three_voices, word_error_rate
from transcription.engines.scripted import COUNTER_FRAME, counter_frame

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Author("Ada")
RATE = 16_000


@pytest.fixture(autouse=True)
def scripted(settings: Settings, tmp_path: Path) -> None:
    folder = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "kept")}}
    settings.STORAGES = {**settings.STORAGES, "kept_audio": folder}
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, engine="scripted", model="speed=0")


def counted(first: int, last: int) -> Any:
    return np.frombuffer(b"".join(counter_frame(number) for number in range(first, last + 1)), "<i2")


def line(stream: AudioStream, first: int, last: int, **fields: Any) -> Segment:
    """The frames [first, last] as the live recogniser stored them."""
    meeting = stream.participant.meeting
    meeting.refresh_from_db()
    meeting.last_sequence += 1
    meeting.save(update_fields=["last_sequence"])
    text = " ".join(str(number) for number in range(first, last + 1))
    start, end = (first - 1) * COUNTER_FRAME, last * COUNTER_FRAME
    return Segment.objects.create(
        meeting=meeting,
        participant=stream.participant,
        stream=stream,
        sequence=meeting.last_sequence,
        start_sample=start,
        end_sample=end,
        start_ms=stream.offset_ms + start // 16,
        end_ms=stream.offset_ms + end // 16,
        **{"text": text, "recognised_text": text, "language": "en", "confidence": 0.5, **fields},
    )


@pytest.fixture
def kept(meeting: Meeting) -> Meeting:
    """Grace said 1 to 20 in two lines, Alan 21 to 30 in one. Heard again, every seventh differs."""
    grace, alan = stream_of(guest(meeting), 1_000), stream_of(guest(meeting, "Alan"), 500)
    keep(grace, 0, counted(1, 20))
    keep(alan, 20 * COUNTER_FRAME, counted(21, 30))
    line(grace, 1, 10)
    line(grace, 11, 20)
    line(alan, 21, 30)
    return ended(meeting)


def heard_again(meeting: Meeting) -> SecondPass:
    job = second_pass.request(meeting, hearing_again.model_name())
    assert hearing_again.run(job.pk)
    job.refresh_from_db()
    return job


def texts(meeting: Meeting) -> list[str]:
    return list(meeting.segments.order_by("sequence").values_list("text", flat=True))


# ── What is heard ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_heard_otherwise_is_suggested_and_nothing_is_changed(kept: Meeting) -> None:
    before = texts(kept)
    job = heard_again(kept)
    assert (job.stage, job.percent, job.unplaced) == (SecondPass.Stage.DONE, 100, 0)
    assert texts(kept) == before
    suggested = [suggestion.text for suggestion in second_pass.open_suggestions(kept)]
    assert suggested == [
        "1 2 3 4 5 6 again-7 8 9 10",
        "11 12 13 again-14 15 16 17 18 19 20",
        "again-21 22 23 24 25 26 27 again-28 29 30",
    ]
    word = Suggestion.objects.get(segment__sequence=1).words[6]
    assert (word["text"], word["start_ms"], word["end_ms"]) == ("again-7", 1_600, 1_700)


@pytest.mark.parametrize(("chosen", "heard"), [("", "de"), ("fr", "fr")])
def test_it_is_heard_in_the_chosen_language_or_in_that_of_most_that_was_said(
    meeting: Meeting, chosen: str, heard: str
) -> None:
    stream = stream_of(guest(meeting), 1_000)
    AudioStream.objects.update(language=chosen)
    keep(stream, 0, counted(1, 20))
    line(stream, 1, 2, language="he")
    line(stream, 3, 4, language="he")
    line(stream, 5, 20, language="de")
    heard_again(ended(meeting))
    assert set(Suggestion.objects.values_list("language", flat=True)) == {heard}


@pytest.mark.parametrize("touched", [{"text": "one"}, {"reviewed": True}, {"hidden": True}], ids=str)
def test_a_line_that_a_person_settled_is_never_suggested_for(kept: Meeting, touched: dict[str, Any]) -> None:
    kept.segments.filter(sequence=1).update(**touched)
    heard_again(kept)
    assert list(second_pass.open_suggestions(kept).values_list("segment__sequence", flat=True)) == [2, 3]


def test_a_suggestion_ends_when_somebody_corrects_the_line_afterwards(kept: Meeting) -> None:
    heard_again(kept)
    kept.segments.filter(sequence=1).update(text="one to ten")
    assert second_pass.accept(kept, Scope(), ADA)
    assert texts(kept)[0] == "one to ten"


def test_it_is_done_again_from_the_start_when_its_worker_died(kept: Meeting) -> None:
    job = second_pass.request(kept, "speed=0")
    assert second_pass.take(job.pk)
    assert second_pass.take(job.pk) is None
    assert second_pass.waiting() == []
    SecondPass.objects.update(alive_at=timezone.now() - 2 * second_pass.STALE)
    assert second_pass.waiting() == [job.pk]
    assert hearing_again.run(job.pk)
    assert second_pass.open_suggestions(kept).count() == 3
    assert not hearing_again.run(job.pk)


def test_one_whose_workers_die_of_it_fails_with_a_reason_until_it_is_asked_for_again(kept: Meeting) -> None:
    job = second_pass.request(kept, "base")
    for _ in range(second_pass.MAX_ATTEMPTS):
        assert second_pass.take(job.pk)
        SecondPass.objects.update(alive_at=timezone.now() - 2 * second_pass.STALE)
    assert second_pass.take(job.pk) is None
    assert second_pass.waiting() == []
    assert "broke off three times" in second_pass.state(kept)["reason"]
    assert second_pass.take(second_pass.request(kept, "base").pk)


def test_one_that_is_under_way_is_not_begun_twice_and_one_that_is_over_is(kept: Meeting) -> None:
    job = second_pass.request(kept, "speed=0")
    assert second_pass.request(kept, "other").pk == job.pk
    hearing_again.run(job.pk)
    assert second_pass.request(kept, "speed=0").pk != job.pk


def test_a_recogniser_that_dies_is_a_reason_and_not_a_result(kept: Meeting) -> None:
    job = second_pass.request(kept, "crash=5")
    hearing_again.run(job.pk)
    job.refresh_from_db()
    assert (job.stage, job.reason) == (SecondPass.Stage.FAILED, "The recogniser ended in the middle of the work.")


def test_a_recogniser_that_hangs_is_given_up(kept: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_again, "ALIVE_SECONDS", 1)
    monkeypatch.setattr(hearing_again, "SILENT_SECONDS", 4)
    job = second_pass.request(kept, "hang=5")
    hearing_again.run(job.pk)
    job.refresh_from_db()
    assert (job.stage, job.reason) == (SecondPass.Stage.FAILED, "The recogniser did not answer any more.")


def test_audio_that_is_gone_is_a_reason(kept: Meeting) -> None:
    KeptPiece.objects.filter(first_sample=0).update(file="gone.flac")
    assert heard_again(kept).reason == "A part of the kept audio cannot be read."


def test_nothing_is_begun_without_kept_audio_or_while_the_meeting_goes_on(meeting: Meeting) -> None:
    keep(stream_of(guest(meeting)), 0, counted(1, 5))
    with pytest.raises(second_pass.NothingKept):
        second_pass.request(meeting, "speed=0")
    ended(meeting)
    kept_audio.forget(KeptPiece.objects.all())
    with pytest.raises(second_pass.NothingKept):
        second_pass.request(meeting, "speed=0")


@pytest.fixture
def better(settings: Settings) -> None:
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, second_pass_model="speed=0,better=1")


def begun_by_itself() -> list[str]:
    tasks.begin_second_passes()
    return list(SecondPass.objects.values_list("model", flat=True))


def test_it_begins_by_itself_after_a_meeting_where_a_model_is_named_for_it(kept: Meeting, better: None) -> None:
    assert begun_by_itself() == []  # it ended long ago
    Meeting.objects.update(ended_at=timezone.now(), status=Meeting.Status.FINISHING)
    assert begun_by_itself() == []  # its last words are still to come
    Meeting.objects.update(status=Meeting.Status.ENDED)
    assert begun_by_itself() == begun_by_itself() == ["speed=0,better=1"]
    assert hearing_again.run(SecondPass.objects.get().pk)
    assert second_pass.state(kept)["suggestions"]
    assert begun_by_itself() == ["speed=0,better=1"]  # once


def test_it_begins_by_itself_nowhere_else(kept: Meeting, better: None, settings: Settings) -> None:
    Meeting.objects.update(ended_at=timezone.now(), review=Meeting.Review.APPROVED)
    assert begun_by_itself() == []
    Meeting.objects.update(review=Meeting.Review.DRAFT)
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, second_pass_model="")
    assert begun_by_itself() == []
    KeptPiece.objects.all().delete()
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, second_pass_model="speed=0,better=1")
    assert begun_by_itself() == []


@pytest.mark.parametrize(
    ("stage", "by_itself", "when_asked"),
    [("transcribing", 0, 0), ("diarizing", 0, 0), ("done", 1, 1), ("failed", 0, 1)],
)
def test_an_upload_is_heard_again_when_it_is_transcribed(
    kept: Meeting, ada: User, better: None, stage: str, by_itself: int, when_asked: int
) -> None:
    recording = Recording.objects.create(owner=ada, title="Board", size_bytes=1, meeting=kept)
    Job.objects.create(recording=recording, stage=stage, ended_at=timezone.now())
    assert len(begun_by_itself()) == by_itself
    with nullcontext() if when_asked else pytest.raises(second_pass.NothingKept):
        second_pass.request(kept, "better")


def test_words_go_to_the_line_in_which_their_middle_lies_or_the_nearest() -> None:
    lines = [(0, 1_000), (900, 2_000), (10_000, 11_000)]
    words = [
        TimedWord(text=text, start_ms=ms, end_ms=ms + 100, confidence=1.0)
        for text, ms in (("a", 0), ("b", 880), ("c", 1_900), ("d", 3_000), ("e", 6_000), ("f", 9_000), ("g", 11_200))
    ]
    placed, unplaced = second_pass.place(words, lines)
    assert [[word["text"] for word in line] for line in placed] == [["a"], ["b", "c", "d"], ["f", "g"]]
    assert unplaced == 1
    assert second_pass.place(words, []) == ([], 7)


def test_long_audio_is_cut_where_it_is_quiet_and_none_of_it_is_lost(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_again, "LONGEST", 6 * RATE)
    monkeypatch.setattr(hearing_again, "SEAM", 3 * RATE)
    stream = stream_of(guest(meeting))
    loud = np.full(2 * RATE, 3_000, "<i2")
    loud[RATE : RATE + RATE // 2] = 3
    for number in range(5):
        keep(stream, number * 2 * RATE, loud)
    keep(stream, 30 * RATE, loud)
    found = list(hearing_again.stretches(stream))
    whole = np.concatenate([part.samples for part in found])
    assert np.array_equal(whole, np.tile(loud, 6))
    *cut, last = found
    assert [part.first_sample for part in cut] == [0, *accumulate(len(part.samples) for part in cut)][:-1]
    assert len(cut) > 1
    assert last.first_sample == 30 * RATE
    assert {abs(int(part.samples[-1])) for part in cut[:-1]} == {3}


def test_a_short_silence_between_pieces_keeps_them_together(meeting: Meeting) -> None:
    stream = stream_of(guest(meeting))
    keep(stream, 0, counted(1, 10))
    keep(stream, 2 * RATE, counted(21, 30))
    (part,) = hearing_again.stretches(stream)
    assert (part.first_sample, len(part.samples)) == (0, 3 * RATE)
    assert not part.samples[RATE : 2 * RATE].any()


# ── What is taken ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_suggestions_are_taken_by_line_by_speaker_or_all_and_can_be_undone(kept: Meeting) -> None:
    heard_again(kept)
    before = texts(kept)
    alan = kept.participants.get(display_name="Alan")
    by_line = second_pass.accept(kept, Scope(sequences=[2]), ADA)
    assert "again-14" in texts(kept)[1]
    assert texts(kept)[0] == before[0]
    by_speaker = second_pass.accept(kept, Scope(participant_id=alan.pk), ADA)
    assert "again-21" in texts(kept)[2]
    everything = second_pass.accept(kept, Scope(), ADA)
    assert "again-7" in texts(kept)[0]
    assert second_pass.accept(kept, Scope(), ADA) is None
    revision = kept.segments.get(sequence=1).revisions.get()
    assert (revision.author_name, revision.get_what_display()) == ("Second pass, taken by Ada", "Second pass")
    for operation in (everything, by_speaker, by_line):
        assert operation is not None
        review.apply(kept, review.Undo(operation), ADA)
    assert texts(kept) == before
    assert kept.segments.get(sequence=1).recognised_text == before[0]
    assert second_pass.open_suggestions(kept).count() == 3


def test_nothing_is_taken_in_an_approved_transcript(kept: Meeting) -> None:
    heard_again(kept)
    Meeting.objects.filter(pk=kept.pk).update(review=Meeting.Review.APPROVED)
    with pytest.raises(CorrectionRefused, match="approved"):
        second_pass.accept(kept, Scope(), ADA)


# ── Pages and command ───────────────────────────────────────────────────────────────────────────────────────────────


def post(browser: Any, meeting: Meeting, what: str, body: object) -> Any:
    return browser.post(f"/m/{meeting.code}/review/{what}", json.dumps(body), content_type="application/json")


def test_the_review_page_begins_it_follows_it_and_takes_what_is_suggested(kept: Meeting, ada: User) -> None:
    browser = signed_in(ada)
    begun = post(browser, kept, "again/begin", {}).json()
    assert (begun["stage"], begun["percent"]) == ("waiting", 0)
    hearing_again.run(SecondPass.objects.get().pk)
    state = browser.get(f"/m/{kept.code}/review/again").json()
    assert (state["stage"], state["count"]) == ("done", 3)
    assert state["suggestions"][0]["diff"][:3] == [["same", "1 2 3 4 5 6"], ["gone", "7"], ["new", "again-7"]]
    operation = post(browser, kept, "again/take", {"sequences": [1]}).json()["operation"]
    assert browser.get(f"/m/{kept.code}/review/again").json()["count"] == 2
    assert post(browser, kept, "change", {"type": "undo", "operation": operation}).status_code == 200


@pytest.mark.parametrize("body", [{"sequences": "1"}, {"everything": True}, [], {"participant_id": "me"}], ids=str)
def test_what_is_no_choice_of_suggestions_is_refused(kept: Meeting, ada: User, body: object) -> None:
    assert post(signed_in(ada), kept, "again/take", body).status_code == 400


def test_it_is_refused_where_there_is_no_audio_or_no_model(kept: Meeting, ada: User, settings: Settings) -> None:
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, engine="openai", openai_base_url="http://x/v1")
    assert post(signed_in(ada), kept, "again/begin", {}).json()["code"] == "no_model"
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, engine="scripted")
    kept_audio.forget(KeptPiece.objects.all())
    assert post(signed_in(ada), kept, "again/begin", {}).json()["code"] == "nothing_kept"


def test_the_command_does_it_here_and_now(kept: Meeting) -> None:
    output = io.StringIO()
    call_command("transcribe_again", kept.code, stdout=output)
    assert output.getvalue() == "3 lines are suggested, 0 words lie outside of all lines\n"
    with pytest.raises(CommandError, match="no meeting"):
        call_command("transcribe_again", "nowhere")
    kept_audio.forget(KeptPiece.objects.all())
    with pytest.raises(CommandError, match="no kept audio"):
        call_command("transcribe_again", kept.code)


# ── The real model ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_real_speech_is_heard_well_and_put_beside_its_lines(meeting: Meeting, settings: Settings) -> None:
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, engine="whisper", model="base")
    voice = three_voices()[0]
    stream = stream_of(guest(meeting, voice.name))
    samples = (voice.samples * 32_767).astype("<i2")
    for first in range(0, len(samples), 30 * RATE):
        keep(stream, first, samples[first : first + 30 * RATE])
    for utterance in voice.utterances:
        start, end = (int(seconds * 1_000) for seconds in (utterance.start, utterance.end))
        meeting.last_sequence += 1
        Segment.objects.create(
            meeting=meeting, participant=stream.participant, stream=stream, sequence=meeting.last_sequence,
            start_sample=start * 16, end_sample=end * 16, start_ms=start, end_ms=end,
            text="mumbling", recognised_text="mumbling", language="en",
        )  # fmt: skip
    meeting.save()
    assert heard_again(ended(meeting)).stage == SecondPass.Stage.DONE
    assert second_pass.accept(meeting, Scope(), ADA)
    assert word_error_rate(voice.text, " ".join(texts(meeting))) < 0.15
    errors = [
        word_error_rate(utterance.text, segment.text)
        for utterance, segment in zip(voice.utterances, meeting.segments.order_by("start_ms"), strict=True)
    ]
    assert float(np.median(errors)) < 0.15
