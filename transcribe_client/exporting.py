"""Fetches a meeting's minutes as a file."""

from pathlib import Path

import httpx

from transcribe_client.errors import ClientError, Exit

SECONDS = 120.0  # a long PDF takes its time


def export(server: str, token: str, meeting: str, kind: str, output: Path | None) -> Path:
    """Write the minutes where `output` says, or under the name the server gives; returns where. Raises ClientError."""
    with httpx.Client(
        base_url=f"{server}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS
    ) as api:
        try:
            meeting_id = _meeting_id(api, meeting)
            answer = _checked(api.get(f"/meetings/{meeting_id}/exports/{kind}"))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ClientError(Exit.UNREACHABLE, f"no answer from {server}: {type(error).__name__}") from error
    path = output or Path(_name(answer, f"minutes.{kind}"))
    try:
        path.write_bytes(answer.content)
    except OSError as error:
        raise ClientError(Exit.REFUSED, f"{path} cannot be written: {error.strerror}") from error
    return path


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
