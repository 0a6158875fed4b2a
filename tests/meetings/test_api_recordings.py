"""Recordings through the API: sent in chunks, watched, cancelled and tried again, by their owner alone."""

from typing import Any
from uuid import uuid4

import pytest

from meetings.models import Job, Recording, User
from meetings.services import recordings, uploads
from tests.meetings.programs import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_content")]
NEW = {"title": "Board", "size_bytes": 10, "speakers": "auto", "speakers_most": 4}


@pytest.fixture
def program(ada: User) -> Program:
    return Program(ada)


def send(program: Program, recording: dict[str, Any], offset: int, chunk: bytes) -> tuple[int, dict[str, Any]]:
    path = f"/api/v1/recordings/{recording['id']}/chunks/{offset}"
    answer = program.client.put(path, chunk, content_type="application/octet-stream")
    return answer.status_code, answer.json()


def test_the_same_key_gives_the_same_recording(program: Program) -> None:
    first = program.post("/recordings", NEW, key="k1")
    send(program, first, 0, b"01234")
    assert program.post("/recordings", NEW, key="k1")["received_bytes"] == 5
    assert program.post("/recordings", {**NEW, "size_bytes": 11}, 409, key="k1")["code"] == "key_used"
    assert Recording.objects.count() == 1


def test_a_file_is_sent_in_chunks_that_count_once(program: Program) -> None:
    made = program.post("/recordings", NEW)
    assert program.answer["Location"] == f"/api/v1/recordings/{made['id']}"
    assert (made["status"], made["progress"], made["received_bytes"]) == ("uploading", 0, 0)
    assert send(program, made, 0, b"01234")[1]["progress"] == 0.5
    assert send(program, made, 5, b"")[1]["errors"][0]["field"] == "body"
    status, again = send(program, made, 0, b"01234")
    assert (status, again["code"], again["detail"]) == (409, "wrong_offset", "Go on from byte 5.")
    status, done = send(program, made, 5, b"56789")
    assert (status, done["status"], done["received_bytes"]) == (200, "queued", 10)
    recording = Recording.objects.get()
    assert uploads.path_of(recording).read_bytes() == b"0123456789"
    assert (recording.speakers, recording.speakers_most, recording.keep_audio) == ("auto", 4, False)
    assert recordings.waiting_jobs() == [recording.job.pk]
    assert [one["id"] for one in program.get("/recordings")["items"]] == [made["id"]]


def test_it_is_cancelled_and_what_failed_is_tried_again(program: Program) -> None:
    made = program.post("/recordings", NEW)
    send(program, made, 0, b"0123456789")
    path = f"/recordings/{made['id']}"
    assert program.post(f"{path}/retry", status=409)["code"] == "not_retryable"
    recordings.fail(Job.objects.get().pk, "format")
    failed = program.get(path)
    assert (failed["status"], failed["error"], "audio or video" in failed["detail"]) == ("failed", "format", True)
    assert program.post(f"{path}/retry", status=200)["status"] == "queued"
    assert program.post(f"{path}/cancel", status=200)["status"] == "cancelled"
    assert send(program, made, 0, b"x")[1]["code"] == "over"


def test_its_owner_deletes_it(program: Program) -> None:
    made = program.post("/recordings", NEW)
    send(program, made, 0, b"01234")
    recording = Recording.objects.get()
    path = f"/recordings/{made['id']}"
    Program(recording.owner, "meetings:read").delete(path, 403)
    program.delete(path)
    program.get(path, 404)
    assert send(program, made, 5, b"56789")[0] == 404
    assert not uploads.path_of(recording).exists()


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"title": ""}, 422, "body.title"),
        ({"size_bytes": 0}, 422, "body.size_bytes"),
        ({"size_bytes": uploads.MAX_BYTES + 1}, 422, "body.size_bytes"),
        ({"speakers": "many"}, 422, "body.speakers"),
        ({"speakers_least": 5}, 422, "body"),
        ({"language": "klingon"}, 422, "body.language"),
        ({"colour": "red"}, 422, "body.colour"),
    ],
)
def test_what_is_no_recording_is_refused(program: Program, wrong: dict[str, Any], status: int, field: str) -> None:
    assert program.post("/recordings", {**NEW, **wrong}, status)["errors"][0]["field"] == field
    assert not Recording.objects.exists()


def test_too_much_is_refused(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    made = program.post("/recordings", NEW)
    assert send(program, made, 0, b"0" * 11)[0] == 413
    for size in (uploads.MAX_CHUNK_BYTES + 1, 4_000_000):
        assert send(program, made, 0, b"0" * size)[1]["code"] == "too_large"
    for _ in range(uploads.MAX_UNFINISHED - 1):
        program.post("/recordings", NEW)
    assert program.post("/recordings", NEW, 429)["code"] == "too_many"
    assert program.answer["Retry-After"] == "30"


def test_anothers_recording_does_not_exist(program: Program, eve: User) -> None:
    made, stranger = program.post("/recordings", NEW), Program(eve)
    path = f"/recordings/{made['id']}"
    assert stranger.get("/recordings")["items"] == []
    stranger.get(path, 404)
    stranger.post(f"{path}/cancel", status=404)
    stranger.delete(path, 404)
    stranger.post(f"{path}/retry", status=404)
    assert send(stranger, made, 0, b"x")[0] == 404
    program.get(f"/recordings/{uuid4()}", 404)
    Program(eve, "meetings:read").get("/recordings", 403)
