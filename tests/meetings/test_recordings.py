"""Recordings on their way to a transcript: taken by one worker, cancelled, tried again, told in stages."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import soundfile
from django.test import Client
from django.utils import timezone

from meetings.decoder import measure
from meetings.models import AudioStream, Job, Meeting, Recording
from meetings.redis import with_redis
from meetings.services import recordings, uploads
from meetings.services.speakers import Diarization
from tests.meetings.media import tone, write
from tests.meetings.uploading import begin, complete, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_content")]
ROOT = Path(__file__).parents[2]


def test_a_job_is_taken_once_until_its_worker_is_dead(browser: Client) -> None:
    job = complete(browser).job
    assert recordings.waiting_jobs() == [job.pk]
    assert recordings.take(job.pk) is not None
    assert recordings.take(job.pk) is None
    assert recordings.waiting_jobs() == []
    Job.objects.update(alive_at=timezone.now() - recordings.STALE - timedelta(seconds=1))
    assert recordings.waiting_jobs() == [job.pk]
    assert recordings.take(job.pk) is not None


def left(job: Job, stage: Job.Stage) -> None:
    """Its worker died."""
    Job.objects.filter(pk=job.pk).update(stage=stage, alive_at=timezone.now() - recordings.STALE - timedelta(seconds=1))


def test_a_job_whose_workers_die_of_it_fails_with_a_reason_until_somebody_tries_again(browser: Client) -> None:
    recording = complete(browser)
    for _ in range(recordings.MAX_ATTEMPTS):
        assert recordings.take(recording.job.pk) is not None
        left(recording.job, Job.Stage.TRANSCRIBING)
    assert recordings.take(recording.job.pk) is None
    assert recordings.waiting_jobs() == []
    assert "broke off three times" in browser.get(f"/recordings/{recording.pk}/").content.decode()
    browser.post(f"/recordings/{recording.pk}/retry/")
    assert recordings.take(recording.job.pk) is not None


def test_a_job_whose_workers_die_of_its_speakers_is_done_without_them(browser: Client) -> None:
    recording = complete(browser)
    for _ in range(recordings.MAX_ATTEMPTS):
        job = recordings.take(recording.job.pk)
        assert job is not None
        recordings.open_recording(job, 10_000)
        left(job, Job.Stage.DIARIZING)
    assert recordings.take(recording.job.pk) is None
    state = browser.get(f"/recordings/{recording.pk}/state/").json()
    assert (state["stage"], state["reason"]) == ("Done", "")
    assert "Speakers were not told apart" in state["notice"]


def test_an_unfinished_upload_is_no_work(browser: Client) -> None:
    recording = begin(browser, 10)
    send(browser, recording, 0, b"01234")
    assert recordings.waiting_jobs() == []
    assert recordings.take(recording.job.pk) is None


def test_a_job_taken_over_goes_on_in_the_same_meeting(browser: Client) -> None:
    job = complete(browser).job
    first = recordings.open_recording(job, 5_000)
    assert recordings.open_recording(job, 5_000) == first
    assert Meeting.objects.count() == AudioStream.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_checking_says_which_share_of_the_file_was_read(
    browser: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = complete(browser)
    assert recordings.take(recording.job.pk)
    soundfile.write(uploads.path_of(recording), np.zeros(60 * 44_100), 44_100, format="WAV")
    told: list[tuple[int, float]] = []
    note = recordings.note_checked

    def noted(job_id: int, done_ms: int, share: float) -> None:
        note(job_id, done_ms, share)
        state = browser.get(f"/recordings/{recording.pk}/state/").json()
        assert (state["stage"], state["readable"]) == ("Checking the file", False)
        told.append((state["percent"], share))

    monkeypatch.setattr(recordings, "note_checked", noted)
    monkeypatch.setattr("meetings.decoder.TOLD_SECONDS", 0.0)
    assert with_redis(partial(measure, uploads.path_of(recording), recording.job.pk))[0] == pytest.approx(60_000, 2)
    assert told == sorted(told)
    assert {percent for percent, _ in told} > {told[0][0]}
    assert all(abs(percent - min(99, 100 * share)) <= 1 for percent, share in told)
    recordings.cancel(recording)
    with pytest.raises(recordings.JobOver):
        note(recording.job.pk, 1_000, 0.5)


@pytest.mark.parametrize(("header", "preferred"), [("de-AT,de;q=0.9,*;q=0.1", ("de-at", "de")), ("", ()), ("?", ())])
def test_its_language_leans_towards_what_the_browser_prefers(
    browser: Client, header: str, preferred: tuple[str, ...]
) -> None:
    fields = {"title": "Board", "size_bytes": 4}
    browser.post("/recordings/begin/", fields, headers={"accept-language": header})
    (info,) = recordings.open_recording(Recording.objects.get().job, 10_000)
    assert info.preferred_languages == preferred


def test_progress_is_what_is_settled_and_the_end_is_exact(browser: Client) -> None:
    recording = complete(browser)
    (info,) = recordings.open_recording(recording.job, 10_000)
    AudioStream.objects.update(settled_sample=80_000)
    assert recordings.note_progress(recording.job.pk, info.stream_id) == 80_000
    assert browser.get(f"/recordings/{recording.pk}/state/").json()["percent"] == 50
    recordings.end_stream(info.stream_id, 160_000)
    recordings.finish(recording.job.pk, Diarization())
    state = browser.get(f"/recordings/{recording.pk}/state/").json()
    assert (state["stage"], state["percent"], state["over"]) == ("Done", 100, True)
    assert not uploads.path_of(recording).exists()


def test_a_cancelled_job_stops(browser: Client) -> None:
    recording = complete(browser)
    (info,) = recordings.open_recording(recording.job, 10_000)
    browser.post(f"/recordings/{recording.pk}/cancel/")
    assert recordings.note_progress(recording.job.pk, info.stream_id) is None


def test_a_job_cancelled_while_its_file_is_checked_makes_no_meeting(browser: Client) -> None:
    recording = complete(browser)
    job = recordings.take(recording.job.pk)
    assert job is not None
    browser.post(f"/recordings/{recording.pk}/cancel/")
    with pytest.raises(recordings.JobOver):
        recordings.open_recording(job, 5_000)
    assert not Meeting.objects.exists()


def test_telling_speakers_apart_has_its_own_stage_and_share_and_can_be_cancelled(browser: Client) -> None:
    recording = complete(browser)
    recordings.open_recording(recording.job, 10_000)
    recordings.note_share(recording.job.pk, 0.4)
    state = browser.get(f"/recordings/{recording.pk}/state/").json()
    assert (state["stage"], state["percent"]) == ("Telling speakers apart", 40)
    browser.post(f"/recordings/{recording.pk}/cancel/")
    with pytest.raises(recordings.JobOver):
        recordings.note_share(recording.job.pk, 0.5)


def test_without_the_extra_the_transcript_is_there_and_the_page_says_what_is_missing(browser: Client) -> None:
    recording = complete(browser)
    recordings.open_recording(recording.job, 10_000)
    recordings.finish(recording.job.pk, Diarization(unable="extra"))
    page = browser.get(f"/recordings/{recording.pk}/").content.decode()
    assert "Read the transcript" in page
    assert "make install-diarization" in page


def test_speakers_can_be_told_apart_again_for_a_week(browser: Client) -> None:
    recording = complete(browser)
    recordings.open_recording(recording.job, 10_000)
    recordings.finish(recording.job.pk, Diarization(unable="disk"))
    assert uploads.sweep() == 0
    assert "Tell speakers apart again" in browser.get(f"/recordings/{recording.pk}/").content.decode()
    browser.post(f"/recordings/{recording.pk}/retry/")
    assert recordings.waiting_jobs() == [recording.job.pk]
    recordings.finish(recording.job.pk, Diarization(unable="crash"))
    Job.objects.update(ended_at=timezone.now() - uploads.RETRIED - timedelta(minutes=1))
    assert uploads.sweep() == 1
    assert "Tell speakers apart again" not in browser.get(f"/recordings/{recording.pk}/").content.decode()
    browser.post(f"/recordings/{recording.pk}/retry/")
    assert recordings.waiting_jobs() == []


def test_where_speakers_are_told_nothing_is_left_to_try_again(browser: Client) -> None:
    recording = complete(browser)
    recordings.open_recording(recording.job, 10_000)
    recordings.finish(recording.job.pk, Diarization())
    browser.post(f"/recordings/{recording.pk}/retry/")
    assert recordings.waiting_jobs() == []
    assert not uploads.path_of(recording).exists()


@pytest.mark.django_db(transaction=True)
def test_what_damage_left_unread_is_measured_and_said(browser: Client, folder: Path) -> None:
    recording = complete(browser)
    write(uploads.path_of(recording), "mkv", [tone(50.0, 440)], damaged=lambda second: second > 2)
    length_ms, cut_short = with_redis(partial(measure, uploads.path_of(recording), recording.job.pk))
    recordings.open_recording(recording.job, length_ms, cut_short=cut_short)
    AudioStream.objects.update(received_until=length_ms * 16)
    recordings.finish(recording.job.pk, Diarization(unable="disk"))
    page = browser.get(f"/recordings/{recording.pk}/").content.decode()
    assert "The file is damaged: nothing after 00:02 could be read." in page
    assert "disk is full" in page


def test_every_channel_has_a_stream_and_a_speaker_of_its_own(browser: Client) -> None:
    recording = complete(browser)
    first, second = recordings.open_recording(recording.job, 10_000, voices=2)
    assert recordings.open_recording(recording.job, 10_000, voices=2) == [first, second]
    names = AudioStream.objects.values_list("pk", "participant__display_name")
    assert dict(names) == {UUID(first.stream_id): "Channel 1", UUID(second.stream_id): "Channel 2"}
    AudioStream.objects.filter(pk=first.stream_id).update(settled_sample=160_000)
    assert recordings.note_progress(recording.job.pk, second.stream_id) == 0
    assert browser.get(f"/recordings/{recording.pk}/state/").json()["percent"] == 50


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"speakers": "auto", "speakers_least": 2, "speakers_most": 4}, 201),
        ({"speakers": "channels"}, 201),
        ({"speakers": "auto", "speakers_least": 4, "speakers_most": 2}, 400),
        ({"speakers": "auto", "speakers_least": 0}, 400),
        ({"speakers": "auto", "speakers_most": 1_000}, 400),
        ({"speakers": "several"}, 400),
    ],
)
def test_how_speakers_are_told_apart_can_be_said(browser: Client, wanted: dict[str, object], status: int) -> None:
    fields = {"title": "Board", "language": "", "size_bytes": 10, **wanted}
    assert browser.post("/recordings/begin/", fields).status_code == status


@pytest.mark.parametrize("keep", [True, False])
def test_the_audio_is_kept_only_where_the_uploader_says_that_all_agree(browser: Client, keep: bool) -> None:
    answer = browser.post(
        "/recordings/begin/", {"title": "Board", "size_bytes": 4} | ({"keep_audio": "on"} if keep else {})
    )
    recording = Recording.objects.get(pk=UUID(answer.json()["url"].split("/")[2]))
    send(browser, recording, 0, b"RIFF")
    recordings.open_recording(recording.job, 5_000)
    meeting = Meeting.objects.get()
    assert (meeting.keep_audio, meeting.participants.get().audio_agreed) == (keep, keep or None)


def test_a_failed_job_says_why_and_can_be_tried_again(browser: Client) -> None:
    recording = complete(browser)
    recordings.take(recording.job.pk)
    recordings.fail(recording.job.pk, "silent")
    assert "no sound track" in browser.get(f"/recordings/{recording.pk}/").content.decode()
    browser.post(f"/recordings/{recording.pk}/retry/")
    assert recordings.waiting_jobs() == [recording.job.pk]
    began = timezone.now()
    job = recordings.take(recording.job.pk)
    assert job is not None
    assert job.started_at is not None
    assert job.started_at >= began  # how long it takes is counted from the new try
