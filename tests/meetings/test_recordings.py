"""Recordings: chunks arrive once and in order, only their owner sees them, and what is no recording is refused."""

import errno
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event
from unittest.mock import Mock
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from meetings import disk
from meetings.decoder import measure
from meetings.models import AudioStream, Job, Meeting, Recording, User
from meetings.redis import with_redis
from meetings.services import recordings, uploads
from meetings.services.speakers import Diarization
from tests.meetings.cast import signed_in
from tests.meetings.media import tone, write
from transcription.decoding import REASONS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_content")]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def begin(browser: Client, size: int, title: str = "Board") -> Recording:
    answer = browser.post("/recordings/begin/", {"title": title, "language": "", "size_bytes": size})
    assert answer.status_code == 201, answer.content
    return Recording.objects.get(pk=UUID(answer.json()["url"].split("/")[2]))


def send(browser: Client, recording: Recording, offset: int, chunk: bytes) -> tuple[int, object]:
    answer = browser.post(f"/recordings/{recording.pk}/chunks/{offset}/", chunk, "application/octet-stream")
    return answer.status_code, answer.json().get("received")


@pytest.fixture
def browser(ada: User) -> Client:
    return signed_in(ada)


def test_chunks_make_the_file_and_a_repeated_one_changes_nothing(browser: Client) -> None:
    recording = begin(browser, 10)
    assert send(browser, recording, 0, b"01234") == (200, 5)
    assert send(browser, recording, 0, b"XXXXX") == (409, 5)
    assert send(browser, recording, 7, b"789") == (409, 5)
    assert send(browser, recording, 5, b"56789") == (200, 10)
    assert uploads.path_of(recording).read_bytes() == b"0123456789"


def test_what_a_crash_left_behind_the_offset_is_written_over(browser: Client) -> None:
    recording = begin(browser, 6)
    send(browser, recording, 0, b"012")
    with uploads.path_of(recording).open("ab") as file:
        file.write(b"half a chunk that nobody acknowledged")
    send(browser, recording, 3, b"345")
    assert uploads.path_of(recording).read_bytes() == b"012345"


def test_more_than_was_announced_is_refused(browser: Client) -> None:
    recording = begin(browser, 4)
    assert send(browser, recording, 0, b"01234")[0] == 413
    big = begin(browser, 10_000_000)
    assert send(browser, big, 0, b"0" * (uploads.MAX_CHUNK_BYTES + 1))[0] == 413


@pytest.mark.parametrize("size", ["0", "-1", "x", ""])
def test_senseless_sizes_are_refused(browser: Client, size: str) -> None:
    assert browser.post("/recordings/begin/", {"title": "A", "size_bytes": size}).status_code == 400


def test_files_beyond_the_limit_and_too_many_uploads_are_refused(browser: Client) -> None:
    fields = {"title": "A", "size_bytes": str(uploads.MAX_BYTES + 1)}
    assert browser.post("/recordings/begin/", fields).status_code == 413
    for _ in range(uploads.MAX_UNFINISHED):
        begin(browser, 10)
    assert browser.post("/recordings/begin/", {"title": "A", "size_bytes": "10"}).status_code == 413


def test_a_refusal_speaks_the_language_of_the_page(browser: Client) -> None:
    fields = {"title": "A", "size_bytes": str(uploads.MAX_BYTES + 1)}
    answer = browser.post("/recordings/begin/", fields, headers={"accept-language": "de"})
    assert answer.json() == {"error": "Die Datei ist zu groß: Mehr als 4 GB gehen nicht."}


def test_a_full_disk_is_said_before_anything_is_sent(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SPARE_BYTES", 10**18)
    answer = browser.post("/recordings/begin/", {"title": "A", "size_bytes": "10"})
    assert (answer.status_code, "no room" in answer.json()["error"]) == (507, True)
    assert not Recording.objects.exists()


def test_uploads_under_way_have_their_room_on_the_disk(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(browser, 600)
    free = uploads.SPARE_BYTES + 1_000
    monkeypatch.setattr("shutil.disk_usage", lambda _: Mock(free=free))
    assert browser.post("/recordings/begin/", {"title": "A", "size_bytes": "500"}).status_code == 507
    assert browser.post("/recordings/begin/", {"title": "A", "size_bytes": "400"}).status_code == 201


def test_no_chunk_takes_the_last_of_the_disk(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = begin(browser, 10)
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda _: Mock(free=disk.LAST_BYTES))
        assert send(browser, recording, 0, b"01234") == (507, None)
    assert send(browser, recording, 0, b"01234") == (200, 5)


def test_a_disk_that_fills_up_meanwhile_loses_nothing_that_was_acknowledged(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = begin(browser, 10)
    send(browser, recording, 0, b"01234")
    with monkeypatch.context() as full:
        full.setattr("os.fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        assert send(browser, recording, 5, b"56789") == (507, None)
    assert uploads.path_of(recording).read_bytes() == b"01234"
    assert send(browser, recording, 5, b"56789") == (200, 10)
    assert uploads.path_of(recording).read_bytes() == b"0123456789"


def test_the_same_file_may_be_uploaded_twice(browser: Client) -> None:
    first, second = complete(browser), complete(browser)
    assert uploads.path_of(first) != uploads.path_of(second)
    meetings = [recordings.open_recording(recording.job, 5_000)[0].meeting_id for recording in (first, second)]
    assert len(set(meetings)) == 2


@pytest.mark.parametrize(
    "name", ["recording", "recording-state", "recording-cancel", "recording-retry", "recording-delete"]
)
def test_anothers_recording_does_not_exist(browser: Client, eve: User, name: str) -> None:
    recording = begin(browser, 10)
    stranger = signed_in(eve)
    path = reverse(name, args=[recording.pk])
    assert {stranger.get(path).status_code, stranger.post(path).status_code} <= {404, 405}
    assert send_status(stranger, recording) == 404
    assert Client().get(path).status_code in {302, 405}
    assert "Board" not in stranger.get("/recordings/").content.decode()
    recording.job.refresh_from_db()
    assert recording.job.stage == Job.Stage.WAITING


def send_status(client: Client, recording: Recording) -> int:
    return client.post(f"/recordings/{recording.pk}/chunks/0/", b"x", "application/octet-stream").status_code


def test_a_cancelled_upload_takes_nothing_more_and_its_file_goes(browser: Client) -> None:
    recording = begin(browser, 10)
    send(browser, recording, 0, b"01234")
    browser.post(f"/recordings/{recording.pk}/cancel/")
    assert not uploads.path_of(recording).exists()
    assert send_status(browser, recording) == 410


def test_uploads_that_nobody_goes_on_with_are_forgotten(browser: Client) -> None:
    recording = begin(browser, 10)
    send(browser, recording, 0, b"01234")
    Recording.objects.update(created_at=timezone.now() - uploads.ABANDONED - timedelta(minutes=1))
    assert uploads.forget_old() == 1
    assert not uploads.path_of(recording).exists()


@pytest.mark.parametrize(("days", "left"), [(6, True), (8, False)])
def test_what_failed_is_there_for_another_try_and_not_for_ever(browser: Client, days: int, left: bool) -> None:
    recording = complete(browser)
    recordings.fail(recording.job.pk, "decoder")
    assert "for a week" in browser.get(f"/recordings/{recording.pk}/").content.decode()
    Job.objects.update(ended_at=timezone.now() - timedelta(days=days))
    uploads.forget_old()
    assert Recording.objects.exists() == uploads.path_of(recording).exists() == left


def test_files_that_no_upload_has_any_more_are_swept_away(browser: Client, folder: Path) -> None:
    waiting, failed, done, gone = (complete(browser) for _ in range(4))
    recordings.fail(failed.job.pk, "decoder")
    Job.objects.filter(recording=done).update(stage=Job.Stage.DONE)  # its worker died before it deleted the file
    Recording.objects.filter(pk=gone.pk).delete()
    assert uploads.sweep() == 2
    assert set((folder / "recordings").iterdir()) == {uploads.path_of(waiting), uploads.path_of(failed)}


def test_its_owner_deletes_an_upload_and_the_transcript_stays(browser: Client, eve: User) -> None:
    recording = complete(browser)
    (info,) = recordings.open_recording(recording.job, 10_000)
    path = f"/recordings/{recording.pk}/delete/"
    assert signed_in(eve).post(path).status_code == 404
    assert "The upload is deleted." in browser.post(path, follow=True).content.decode()
    assert recordings.note_progress(recording.job.pk, info.stream_id) is None  # its worker stops
    recordings.finish(recording.job.pk, Diarization())
    assert not uploads.path_of(recording).exists()
    assert not Job.objects.exists()
    assert Meeting.objects.get().title == "Board"
    assert send_status(browser, recording) == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_a_chunk_that_comes_while_its_upload_is_given_up_leaves_no_file(
    browser: Client, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = begin(browser, 10)
    writing, write = Event(), uploads._write

    def slowly(path: Path, offset: int, chunk: bytes) -> None:
        writing.set()
        time.sleep(0.3)
        write(path, offset, chunk)

    monkeypatch.setattr(uploads, "_write", slowly)
    with ThreadPoolExecutor() as elsewhere:
        chunk = elsewhere.submit(in_a_thread, uploads.receive, recording, 0, b"01234")
        assert writing.wait(5)
        browser.post(f"/recordings/{recording.pk}/{way}/")
        assert chunk.result().received_bytes == 5
    assert not uploads.path_of(recording).exists()
    with pytest.raises(uploads.UploadRefused):
        uploads.receive(recording, 5, b"56789")


def in_a_thread(call: Callable[..., Recording], *arguments: object) -> Recording:
    try:
        return call(*arguments)
    finally:
        connection.close()


def complete(browser: Client) -> Recording:
    recording = begin(browser, 4)
    send(browser, recording, 0, b"RIFF")
    return recording


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
    write_wav(uploads.path_of(recording), 60.0)
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


def decoded(path: Path, max_seconds: float = 60) -> tuple[int, bytes]:
    command = [sys.executable, "-m", "transcription.decoding", str(max_seconds)]
    with path.open("rb") as file:
        done = subprocess.run(command, stdin=file, cwd=ROOT, env={}, capture_output=True, check=False)
    return done.returncode, done.stdout


def write_wav(path: Path, seconds: float, rate: int = 44_100) -> Path:
    tone = (np.sin(np.arange(int(seconds * rate)) / 20) * 9_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, 2).tobytes())
    return path


def test_audio_of_any_rate_becomes_16_khz_mono(folder: Path) -> None:
    status, pcm = decoded(write_wav(folder / "tone.mp4", 2.0))  # a wrong extension does not matter
    assert status == 0
    assert abs(len(pcm) // 2 - 32_000) < 100


def test_a_truncated_file_gives_what_is_there(folder: Path) -> None:
    path = write_wav(folder / "tone.wav", 2.0)
    path.write_bytes(path.read_bytes()[:200_000])
    status, pcm = decoded(path)
    assert status == 0
    assert len(pcm) > 30_000


def test_too_long_a_recording_is_refused(folder: Path) -> None:
    assert decoded(write_wav(folder / "tone.wav", 3.0), max_seconds=2)[0] == REASONS["length"]


CANARY = "the canary that nobody may read"


@pytest.mark.parametrize("extension", ["mp3", "wav", "mp4"])
@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://{canary}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {canary}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD><Period><AdaptationSet><BaseURL>file://{canary}</BaseURL></AdaptationSet></Period></MPD>',
        "%PDF-1.7 this is a document",
        "",
    ],
)
def test_files_that_lead_elsewhere_are_no_recordings(folder: Path, content: str, extension: str) -> None:
    canary = folder / "canary.txt"
    canary.write_text(CANARY)
    hostile = folder / f"hostile.{extension}"
    hostile.write_text(content.format(canary=canary))
    status, pcm = decoded(hostile)
    assert status in {REASONS["format"], REASONS["damaged"], REASONS["silent"]}
    assert pcm == b""
