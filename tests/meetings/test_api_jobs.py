"""Files that programs give to be transcribed: taken once, asked after by their owner alone, forgotten in time."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from meetings.models import AudioStream, Batch, Job, Meeting, Participant, Recording, User, Webhook
from meetings.services import batches, recordings, uploads
from meetings.services.speakers import Diarization
from tests.meetings.cast import say
from tests.meetings.programs import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_content")]
CONTENT = bytes(range(256)) * 20


@pytest.fixture
def program(ada: User) -> Program:
    return Program(ada)


def send(
    program: Program,
    status: int = 202,
    *,
    key: str = "",
    name: str = "board.wav",
    content: bytes = CONTENT,
    **more: Any,
) -> Any:
    form = {"file": SimpleUploadedFile(name, content), **more}
    headers = {"Idempotency-Key": key} if key else {}
    answer = program.client.post("/v1/stt/jobs", form, headers=headers)
    assert answer.status_code == status, answer.content
    assert (answer["Content-Type"] == "application/problem+json") == (status >= 400)
    program.answer = answer
    return answer.json()


def ask(program: Program, job_id: str, status: int = 200, query: str = "") -> Any:
    answer = program.client.get(f"/v1/stt/jobs/{job_id}{query}")
    assert answer.status_code == status, answer.content
    return answer.json()


def transcribed(job_id: str, *texts: str) -> Meeting:
    """As a worker leaves it."""
    job = Job.objects.select_related("recording").get(recording_id=UUID(job_id))
    (info,) = recordings.open_recording(job, 60_000)
    for number, text in enumerate(texts):
        say(Participant.objects.get(pk=info.participant_id), 2_000 * number, text)
    recordings.end_stream(info.stream_id, 960_000)
    recordings.finish(job.pk, Diarization(unable="extra"))
    return Meeting.objects.get(pk=info.meeting_id)


def test_a_file_becomes_a_job_whose_bytes_are_all_there(program: Program) -> None:
    accepted = send(program, language="en")
    assert accepted["status_url"] == program.answer["Location"] == f"/v1/stt/jobs/{accepted['job_id']}"
    recording = Recording.objects.get(pk=accepted["job_id"])
    assert uploads.path_of(recording).read_bytes() == CONTENT
    assert recordings.waiting_jobs() == [recording.job.pk]
    job = ask(program, accepted["job_id"])
    assert (job["status"], job["progress"], job["title"], job["result"]) == ("queued", 0, "board", None)
    assert job["expires_at"] == accepted["expires_at"]


def test_a_job_that_is_done_has_its_text(program: Program) -> None:
    job_id = send(program)["job_id"]
    meeting = transcribed(job_id, "Good morning.", "", "Let us begin.")
    job = ask(program, job_id)
    assert (job["status"], job["progress"], job["meeting_id"]) == ("done", 1, str(meeting.pk))
    assert (job["result"]["text"], job["result"]["language"]) == ("Good morning. Let us begin.", "en")
    assert [line["start_ms"] for line in job["result"]["segments"]] == [0, 4_000]
    assert program.get(f"/meetings/{meeting.pk}")["title"] == "board"


def test_speakers_are_told_apart_where_that_is_asked_for_and_progress_never_goes_back(program: Program) -> None:
    job_id = send(program, diarize="true")["job_id"]
    job = Job.objects.select_related("recording").get(recording_id=UUID(job_id))
    assert job.recording.speakers == Recording.Speakers.AUTO
    (info,) = recordings.open_recording(job, 10_000)
    seen = []
    for settled in (0, 80_000, 160_000):
        AudioStream.objects.filter(pk=info.stream_id).update(settled_sample=settled)
        recordings.note_progress(job.pk, info.stream_id)
        seen.append(ask(program, job_id)["progress"])
    for share in (0.0, 0.5, 1.0):
        recordings.note_share(job.pk, share)
        seen.append(ask(program, job_id)["progress"])
    assert seen == sorted(seen)
    assert (seen[0], seen[1], seen[4]) == (0, 0.35, 0.85)


def test_a_job_whose_speakers_could_not_be_told_apart_says_why(program: Program) -> None:
    job_id = send(program, diarize="true")["job_id"]
    transcribed(job_id, "Good morning.")
    assert "not told apart" in ask(program, job_id)["notice"]


def test_a_job_that_failed_says_why_in_words_and_in_a_code(program: Program) -> None:
    job_id = send(program)["job_id"]
    recordings.fail(Job.objects.get(recording_id=UUID(job_id)).pk, "silent")
    job = ask(program, job_id)
    assert (job["status"], job["error"]) == ("failed", "silent")
    assert "no sound track" in job["detail"]


def test_the_same_key_gives_the_same_job(program: Program, eve: User) -> None:
    first = send(program, key="k1")
    assert send(program, key="k1") == first
    assert send(program, key="k2")["job_id"] != first["job_id"]
    assert send(Program(eve), key="k1")["job_id"] != first["job_id"]


def test_the_same_key_shows_the_secret_of_the_webhook_again(program: Program) -> None:
    first = send(program, key="k1", webhook="https://example.org/hook")
    assert first["webhook_secret"].startswith("whsec_")
    assert send(program, key="k1", webhook="https://example.org/hook") == first
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"content": CONTENT[::-1]},
        {"name": "other.wav"},
        {"language": "en"},
        {"diarize": "true"},
        {"webhook": "https://example.org/hook"},
    ],
)
def test_the_key_of_another_request_is_refused(program: Program, other: dict[str, Any]) -> None:
    send(program, key="k1")
    assert send(program, 409, key="k1", **other)["code"] == "key_used"
    assert Recording.objects.count() == 1


def test_a_refused_request_leaves_its_key_unused(program: Program) -> None:
    send(program, 422, key="k1", webhook="ftp://example.org/")
    send(program, key="k1", webhook="https://example.org/hook")


def test_a_key_goes_on_where_a_crash_ended_the_first_request(
    program: Program, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000  # the request lies in a file
    monkeypatch.setattr(uploads, "MAX_CHUNK_BYTES", 2_000)
    store = uploads._write

    def dies(path: Path, offset: int, chunk: bytes) -> None:
        if offset:
            raise KeyboardInterrupt
        store(path, offset, chunk)

    monkeypatch.setattr(uploads, "_write", dies)
    with pytest.raises(KeyboardInterrupt):
        send(program, key="k1")
    begun = Recording.objects.get()
    assert begun.received_bytes == 2_000
    monkeypatch.setattr(uploads, "_write", store)
    assert send(program, key="k1")["job_id"] == str(begun.pk)
    assert uploads.path_of(begun).read_bytes() == CONTENT
    assert recordings.waiting_jobs() == [begun.job.pk]


def test_two_requests_with_a_key_fill_the_same_file(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_CHUNK_BYTES", 2_000)
    store = uploads.receive
    behind: list[int] = []

    def overtaken(recording: Recording, offset: int, chunk: bytes) -> Recording:
        if not behind:
            behind.append(offset)
            store(recording, offset, chunk[:1_000])
        return store(recording, offset, chunk)

    monkeypatch.setattr(uploads, "receive", overtaken)
    job_id = send(program, key="k1")["job_id"]
    assert uploads.path_of(Recording.objects.get(pk=job_id)).read_bytes() == CONTENT


def test_a_cancelled_job_stays_cancelled(program: Program) -> None:
    job_id = send(program)["job_id"]
    for _ in range(2):
        answer = program.client.post(f"/v1/stt/jobs/{job_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert not uploads.path_of(Recording.objects.get(pk=job_id)).exists()


def test_a_forgotten_job_leaves_nothing(program: Program, folder: Path) -> None:
    done, waiting = send(program)["job_id"], send(program)["job_id"]
    transcribed(done, "Good morning.")
    for job_id in (done, waiting):
        assert program.client.delete(f"/v1/stt/jobs/{job_id}").status_code == 204
        ask(program, job_id, 404)
    assert not Meeting.objects.exists()
    assert list((folder / "recordings").iterdir()) == []


def test_jobs_are_forgotten_when_their_time_is_over(program: Program) -> None:
    old, new = send(program)["job_id"], send(program)["job_id"]
    Batch.objects.filter(pk=old).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert batches.forget_expired() == 1
    ask(program, old, 404)
    ask(program, new)


def test_jobs_come_newest_first_without_what_was_uploaded_on_the_page(program: Program, ada: User) -> None:
    uploads.begin(ada, "By hand", "", 10)
    sent = [send(program)["job_id"] for _ in range(3)]
    first = program.client.get("/v1/stt/jobs?limit=2").json()
    rest = program.client.get("/v1/stt/jobs", {"cursor": first["next_cursor"]}).json()
    assert [job["job_id"] for job in first["items"] + rest["items"]] == sent[::-1]


def test_anothers_job_does_not_exist(program: Program, eve: User) -> None:
    job_id = send(program)["job_id"]
    other = Program(eve)
    ask(other, job_id, 404)
    ask(program, str(uuid4()), 404)
    assert other.client.post(f"/v1/stt/jobs/{job_id}/cancel").status_code == 404
    assert other.client.delete(f"/v1/stt/jobs/{job_id}").status_code == 404
    assert other.client.get("/v1/stt/jobs").json()["items"] == []
    assert ask(program, job_id)["status"] == "queued"


def test_what_is_no_job_is_refused(program: Program, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(program, 422, language="xx")["errors"][0]["field"] == "form.language"
    assert send(program, 422, diarize="perhaps")["errors"][0]["field"] == "form.diarize"
    assert send(program, 422, webhook="ftp://example.org/")["errors"][0]["field"] == "form.webhook"
    without = program.client.post("/v1/stt/jobs", {"language": "en"})
    assert (without.status_code, without.json()["errors"][0]["field"]) == (422, "file")
    empty = program.client.post("/v1/stt/jobs", {"file": SimpleUploadedFile("a.wav", b"")})
    assert empty.status_code == 422
    assert program.client.post("/v1/stt/jobs", b"{}", "application/json").status_code == 415
    assert program.client.post("/v1/stt/jobs", b"x", "multipart/form-data").status_code == 400
    monkeypatch.setattr(batches, "MAX_BYTES", 100)
    assert send(program, 413)["code"] == "too_large"
    assert send(Program(ada, "meetings:read"), 403)["code"] == "scope_missing"
    assert not Recording.objects.exists()


def test_too_many_jobs_at_once_are_refused(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_UNFINISHED", 3)
    for _ in range(3):
        send(program)
    assert send(program, 429)["code"] == "too_many_jobs"
    assert program.answer["Retry-After"] == "30"


def test_a_disk_that_takes_nothing_leaves_no_job(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(uploads, "_write", full)
        assert send(program, 507, key="k1")["code"] == "no_room"
    assert not Recording.objects.exists()
    send(program, key="k1", language="en")


def test_a_database_that_goes_away_leaves_no_job(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OperationalError

    program.client.raise_request_exception = False
    monkeypatch.setattr(uploads, "_write", gone)
    assert send(program, 503)["code"] == "service_unavailable"
    assert not Recording.objects.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "\u202egnp.wav", ".wav", "", "x" * 300 + ".wav"])
def test_the_name_of_the_file_is_only_a_title(program: Program, folder: Path, name: str) -> None:
    job = ask(program, send(program, name=name or "a")["job_id"])
    assert 0 < len(job["title"]) <= 200
    assert "\u202e" not in job["title"]
    assert [path.parent.name for path in folder.rglob("*.upload")] == ["recordings"]
