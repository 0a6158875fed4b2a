"""Uploads that are no recordings are refused as they come in: after the first bytes, or when all are there."""

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile

from meetings.models import Job, Recording, User
from meetings.services import recordings, uploads
from meetings.services.media_kinds import HEAD, may_be_media
from tests.meetings.cast import signed_in
from tests.meetings.media import FORMATS, tone, write
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7\n" + random.Random(1).randbytes(HEAD)


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("board.wav", bytes(100))
    return buffer.getvalue()


def day_of_silence(folder: Path) -> bytes:
    with soundfile.SoundFile(folder / "day.flac", "w", 8_000, 1, "PCM_16", format="FLAC") as file:
        for _ in range(24):
            file.write(np.zeros(3_600 * 8_000, np.int16))
    return (folder / "day.flac").read_bytes()


def without_sound(folder: Path) -> bytes:
    return write(folder / "silent.mp4", "mp4", picture_seconds=1.0).read_bytes()


def without_its_index(folder: Path) -> bytes:
    content = write(folder / "cut.mp4", "mp4", [tone(3.0, 440)]).read_bytes()
    return content[: len(content) // 2]


def nothing_but_a_header(folder: Path) -> bytes:
    return write(folder / "whole.flac", "flac", [tone(1.0, 440)]).read_bytes()[:4_000] + bytes(20_000)


BAD = [
    (without_sound, 422, "silent"),
    (without_its_index, 415, "format"),
    (nothing_but_a_header, 422, "damaged"),
    (day_of_silence, 413, "length"),
    (lambda _: PDF, 415, "format"),
]


@pytest.mark.parametrize("extension", FORMATS)
def test_every_kind_we_read_is_known_by_its_first_bytes(folder: Path, extension: str) -> None:
    assert may_be_media(write(folder / "sound", extension, [tone(1.0, 440)]).read_bytes()[:HEAD])


def test_frames_without_a_tag_or_after_something_else_are_known(folder: Path) -> None:
    content = write(folder / "sound", "mp3", [tone(1.0, 440)]).read_bytes()
    frames = content[content.index(b"\xff\xfb") :]
    for before in (b"", bytes(1_000), b"APETAGEX" + bytes(24)):
        assert may_be_media((before + frames)[:HEAD])


@pytest.mark.parametrize(
    "content",
    [
        PDF,
        archive(),
        b"",
        b"#EXTM3U\n#EXTINF:10.0,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\n",
        b'<?xml version="1.0"?><MPD></MPD>',
        b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(HEAD),
        "text with a byte order mark".encode("utf-16"),
    ],
)
def test_what_is_no_recording_is_known_too(content: bytes) -> None:
    assert not may_be_media(content[:HEAD])


def test_the_page_is_told_with_the_first_chunk_and_not_after_gigabytes(ada: User) -> None:
    browser = signed_in(ada)
    begun = browser.post("/recordings/begin/", {"title": "Board", "size_bytes": 4_000_000_000}).json()
    answer = browser.post(f"{begun['chunks_url']}0/", PDF, "application/octet-stream")
    assert (answer.status_code, "no audio or video file" in answer.json()["error"]) == (415, True)
    recording = Recording.objects.get()
    assert not uploads.path_of(recording).exists()
    assert not recordings.retry(recording)
    state = browser.get(f"{begun['url']}state/").json()
    assert (state["stage"], state["over"], "no audio or video" in state["reason"]) == ("Failed", True, True)
    assert browser.post(f"{begun['chunks_url']}{len(PDF)}/", PDF, "application/octet-stream").status_code == 410


def test_small_chunks_are_looked_at_when_there_are_enough(ada: User) -> None:
    program = Program(ada)
    made = program.post("/recordings", {"title": "Board", "size_bytes": len(PDF)})
    path, answers = f"/api/v1/recordings/{made['id']}/chunks/", []
    for offset in range(0, HEAD, HEAD // 4):
        chunk = PDF[offset : offset + HEAD // 4]
        answers.append(program.client.put(f"{path}{offset}", chunk, content_type="application/octet-stream"))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 415]


@pytest.mark.parametrize(("content", "status", "reason"), BAD)
def test_the_api_says_what_is_wrong_with_the_last_chunk(
    ada: User, folder: Path, content: Callable[[Path], bytes], status: int, reason: str
) -> None:
    program, sent = Program(ada), content(folder)
    made = program.post("/recordings", {"title": "Board", "size_bytes": len(sent)})
    for offset in range(0, len(sent), uploads.MAX_CHUNK_BYTES):
        answer = program.client.put(
            f"/api/v1/recordings/{made['id']}/chunks/{offset}",
            sent[offset : offset + uploads.MAX_CHUNK_BYTES],
            content_type="application/octet-stream",
        )
    assert (answer.status_code, answer.json()["code"]) == (status, reason)
    assert answer.json()["detail"] == recordings.FAILURES[reason]
    failed = program.get(f"/recordings/{made['id']}")
    assert (failed["status"], failed["error"]) == ("failed", reason)


@pytest.mark.parametrize(("content", "status", "reason"), BAD)
def test_a_job_of_no_recording_is_none(
    ada: User, folder: Path, content: Callable[[Path], bytes], status: int, reason: str
) -> None:
    form = {"file": SimpleUploadedFile("board.wav", content(folder))}
    answer = Program(ada).client.post("/v1/stt/jobs", form, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json()["code"]) == (status, reason)
    assert not Recording.objects.exists()
    assert list((folder / "recordings").iterdir()) == []


@pytest.mark.parametrize("extension", ["wav", "mp3", "mp4", "mkv"])
def test_a_recording_is_taken(ada: User, folder: Path, extension: str) -> None:
    content = write(folder / "good", extension, [tone(2.0, 440)]).read_bytes()
    form = {"file": SimpleUploadedFile("board", content)}
    assert Program(ada).client.post("/v1/stt/jobs", form).status_code == 202
    assert recordings.waiting_jobs() == [Job.objects.get().pk]
