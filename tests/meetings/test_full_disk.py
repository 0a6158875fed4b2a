"""A full disk is said with 507, to people and to programs, and nothing half-written stays."""

import errno
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from meetings import disk, exports
from meetings.models import Document, Meeting, Recording
from meetings.services import documents, uploads
from tests.meetings.cast import ended, signed_in
from tests.meetings.programs import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_content")]
NEW = {"title": "Board", "size_bytes": 10}


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setattr(Document._meta.get_field("file"), "storage", FileSystemStorage(settings.MEDIA_ROOT))
    return tmp_path


@pytest.fixture
def held(meeting: Meeting) -> Meeting:
    return ended(meeting)


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def fill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Mock(free=disk.LAST_BYTES - 1))


def render(monkeypatch: pytest.MonkeyPatch, how: Any) -> None:
    plain = exports.FORMATS["txt"]
    broken = exports.Format(plain.name, plain.purpose, plain.content_type, how)
    monkeypatch.setitem(exports.FORMATS, "txt", broken)


def be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain text of any length takes long."""
    plain = exports.FORMATS["txt"]
    made = exports.Slow(0, lambda minutes, progress: b"made")
    slow = exports.Format(plain.name, plain.purpose, plain.content_type, plain.render, made)
    monkeypatch.setitem(exports.FORMATS, "txt", slow)
    monkeypatch.setattr(documents, "takes_long", lambda *_: True)


def test_an_upload_is_begun_where_there_is_room(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(held.host)
    with monkeypatch.context() as full:
        fill(full)
        assert program.post("/recordings", NEW, 507, key="k1")["code"] == "no_room"
    assert not Recording.objects.exists()
    program.post("/recordings", NEW, key="k1")


def test_a_chunk_that_found_no_room_comes_again(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(held.host)
    path = f"/api/v1/recordings/{program.post('/recordings', NEW)['id']}/chunks/0"
    with monkeypatch.context() as full:
        full.setattr("os.fsync", no_room)
        answer = program.client.put(path, b"0123456789", content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")
    assert uploads.path_of(Recording.objects.get()).read_bytes() == b""
    assert program.client.put(path, b"0123456789", content_type="application/octet-stream").status_code == 200


def test_a_job_whose_form_found_no_room_is_none(
    held: Meeting, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    settings.FILE_UPLOAD_TEMP_DIR = folder
    monkeypatch.setattr("django.core.files.uploadedfile.TemporaryUploadedFile.write", no_room)
    form = {"file": SimpleUploadedFile("board.wav", bytes(1_000))}
    answer = Program(held.host).client.post("/v1/stt/jobs", form)
    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")
    assert not Recording.objects.exists()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_document_that_found_no_room_says_what_to_do(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, program = signed_in(held.host), Program(held.host)
    browser.raise_request_exception = False
    render(monkeypatch, no_room)
    answer = browser.get(f"/m/{held.code}/minutes.txt")
    assert answer.status_code == 507
    assert b"Tell who runs the server" in answer.content
    assert program.get(f"/meetings/{held.pk}/exports/txt", 507)["code"] == "no_room"


def test_what_else_goes_wrong_is_no_full_disk(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, program = signed_in(held.host), Program(held.host)
    browser.raise_request_exception = program.client.raise_request_exception = False
    render(monkeypatch, Mock(side_effect=OSError(errno.EIO, "Input/output error")))
    assert browser.get(f"/m/{held.code}/minutes.txt").status_code == 500
    program.get(f"/meetings/{held.pk}/exports/txt", 500)


def test_a_long_document_is_ordered_where_there_is_room(held: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    be_slow(monkeypatch)
    fill(monkeypatch)
    browser = signed_in(held.host)
    browser.raise_request_exception = False
    assert browser.get(f"/m/{held.code}/minutes.txt").status_code == 507
    Program(held.host).get(f"/meetings/{held.pk}/exports/txt", 507)
    assert not Document.objects.exists()


def test_a_long_document_that_found_no_room_leaves_no_half_of_it(
    held: Meeting, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_slow(monkeypatch)
    document = documents.order(held, "txt", exports.Options())
    with monkeypatch.context() as full:
        full.setattr("django.core.files.storage.filesystem.os.fdopen", half_written)
        with pytest.raises(OSError, match="No space"):
            documents.make(document.pk)
    document.refresh_from_db()
    assert (document.stage, "disk is full" in document.reason) == (Document.Stage.FAILED, True)
    assert list((folder / "files" / "documents").iterdir()) == []


def half_written(descriptor: int, mode: str) -> Mock:
    file = open(descriptor, mode)  # noqa: SIM115
    file.write(b"ma")
    return Mock(write=no_room, close=file.close)
