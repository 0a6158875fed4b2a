"""Uploading as the page does, and waiting for what becomes of it."""

import time

import httpx

from tests.people import Person

CHUNK = 100_000


def upload(person: Person, content: bytes, **fields: str) -> str:
    """Send all of it; returns the recording's path."""
    path, answer = offer(person, content, **fields)
    assert answer.status_code == httpx.codes.OK, answer.text
    return path


def offer(person: Person, content: bytes, **fields: str) -> tuple[str, httpx.Response]:
    """Send it until it is refused, or all of it; returns the recording's path and the last answer."""
    person.pages.get("/recordings/")
    headers = {"X-CSRFToken": person.pages.cookies["csrftoken"], "Referer": person.base_url}
    fields = {"title": "Board", "language": "en", "size_bytes": str(len(content)), **fields}
    begun = person.pages.post("/recordings/begin/", data=fields, headers=headers).json()
    for offset in range(0, len(content), CHUNK):
        answer = person.pages.post(
            f"{begun['chunks_url']}{offset}/",
            content=content[offset : offset + CHUNK],
            headers={**headers, "Content-Type": "application/octet-stream"},
        )
        if answer.is_error:
            break
    return str(begun["url"]), answer


def state_of(person: Person, path: str) -> dict[str, object]:
    return dict(person.pages.get(f"{path}state/").json())


def wait_for(person: Person, path: str, stage: str, seconds: float = 150) -> dict[str, object]:
    deadline = time.monotonic() + seconds
    while (state := state_of(person, path))["stage"] != stage:
        assert not state["over"], state
        assert time.monotonic() < deadline, state
        time.sleep(0.2)
    return state


def finished(person: Person, path: str, seconds: float = 150) -> dict[str, object]:
    deadline = time.monotonic() + seconds
    while not (state := state_of(person, path))["over"]:
        assert time.monotonic() < deadline, state
        time.sleep(0.5)
    return state


def transcript(person: Person, path: str, extension: str) -> str:
    """The finished recording's download."""
    page = person.pages.get(path).text
    code = page.split('href="/m/')[1].split("/")[0]
    return person.pages.get(f"/m/{code}/minutes.{extension}").text
