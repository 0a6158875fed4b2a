"""Uploads: chunks arrive once and in order, only their owner sees them, and no more than there is room for."""

import errno
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from unittest.mock import Mock

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meetings import disk
from meetings.models import Job, Meeting, Recording, User
from meetings.services import recordings, uploads
from meetings.services.speakers import Diarization
from tests.meetings.cast import signed_in
from tests.meetings.uploading import begin, complete, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_content")]
ROOT = Path(__file__).parents[2]


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
