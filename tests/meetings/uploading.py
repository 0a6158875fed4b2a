"""Uploading as the page does it: begun, then chunk after chunk."""

from uuid import UUID

from django.test import Client

from meetings.models import Recording


def begin(browser: Client, size: int, title: str = "Board") -> Recording:
    answer = browser.post("/recordings/begin/", {"title": title, "language": "", "size_bytes": size})
    assert answer.status_code == 201, answer.content
    return Recording.objects.get(pk=UUID(answer.json()["url"].split("/")[2]))


def send(browser: Client, recording: Recording, offset: int, chunk: bytes) -> tuple[int, object]:
    answer = browser.post(f"/recordings/{recording.pk}/chunks/{offset}/", chunk, "application/octet-stream")
    return answer.status_code, answer.json().get("received")


def complete(browser: Client) -> Recording:
    recording = begin(browser, 4)
    send(browser, recording, 0, b"RIFF")
    return recording
