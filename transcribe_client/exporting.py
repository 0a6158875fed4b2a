"""Fetches a meeting's minutes as a file."""

import time
from pathlib import Path
from typing import Any

import httpx

from transcribe_client.errors import ClientError, Exit

SECONDS = 120.0  # of one answer; what takes long is made meanwhile
POLL_SECONDS = 1.0


def export(server: str, token: str, meeting: str, kind: str, output: Path | None) -> Path:
    """Write the minutes where `output` says, or under the name the server gives; returns where. Raises ClientError."""
    with httpx.Client(
        base_url=f"{server}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS
    ) as api:
        try:
            meeting_id = _meeting_id(api, meeting)
            answer = _checked(api.get(f"/meetings/{meeting_id}/exports/{kind}"))
            if answer.status_code == httpx.codes.ACCEPTED:
                answer = _made(api, answer.json())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ClientError(Exit.UNREACHABLE, f"no answer from {server}: {type(error).__name__}") from error
    path = output or Path(_name(answer, f"minutes.{kind}"))
    try:
        path.write_bytes(answer.content)
    except OSError as error:
        raise ClientError(Exit.REFUSED, f"{path} cannot be written: {error.strerror}") from error
    return path


def _made(api: httpx.Client, document: dict[str, Any]) -> httpx.Response:
    """The file of a document that the server takes long for, once it is done."""
    while document["status"] in {"waiting", "making"}:
        time.sleep(POLL_SECONDS)
        document = _checked(api.get(api.base_url.join(document["status_url"]))).json()
    if document["url"] is None:
        raise ClientError(Exit.REFUSED, document["reason"] or "the document was cancelled")
    return _checked(api.get(api.base_url.join(document["url"])))


def _meeting_id(api: httpx.Client, meeting: str) -> str:
    """`meeting` is an id, or the join code of one of the newest 1,000 meetings."""
    if len(meeting) == 36 and meeting.count("-") == 4:
        return meeting
    cursor = ""
    for _ in range(5):
        page = _checked(api.get("/meetings", params={"limit": 200, "cursor": cursor})).json()
        for one in page["items"]:
            if one["code"] == meeting:
                return str(one["id"])
        if not (cursor := page["next_cursor"] or ""):
            break
    raise ClientError(Exit.NOT_FOUND, f"there is no meeting {meeting}, or not for you")


def _checked(answer: httpx.Response) -> httpx.Response:
    codes = {401: Exit.NOT_ALLOWED, 403: Exit.NOT_ALLOWED, 404: Exit.NOT_FOUND}
    if answer.is_success:
        return answer
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    detail = answer.json()["detail"] if is_problem else f"the server answered {answer.status_code}"
    raise ClientError(codes.get(answer.status_code, Exit.REFUSED), str(detail))


def _name(answer: httpx.Response, otherwise: str) -> str:
    """The last part of the name that the server gives, so that it leads to no other folder."""
    _, _, quoted = answer.headers.get("content-disposition", "").partition('filename="')
    return Path(quoted.partition('"')[0]).name or otherwise
