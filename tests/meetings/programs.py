"""Programs that use the API in somebody's name."""

from typing import Any

from django.test import Client

from meetings.models import User
from meetings.services import tokens

ALL = list(tokens.SCOPES)


class Program:
    """Speaks JSON with a token."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.token, self.text = tokens.issue(user, "script", scopes or ALL, None)
        self.client = Client(headers={"Authorization": f"Bearer {self.text}"})

    def get(self, path: str, status: int = 200, /, **query: Any) -> Any:
        return self._checked(self.client.get(f"/api/v1{path}", query), status)

    def post(self, path: str, body: Any = None, status: int = 201, *, key: str = "") -> Any:
        return self._checked(self._send("post", path, body, {"Idempotency-Key": key} if key else {}), status)

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return self._checked(self._send("patch", path, body, {}), status)

    def delete(self, path: str, status: int = 204) -> None:
        assert self.client.delete(f"/api/v1{path}").status_code == status

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        send = getattr(self.client, method)
        return send(f"/api/v1{path}", body or {}, content_type="application/json", headers=headers)

    def _checked(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.content
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == status
        self.answer = answer
        return answer.json() if "json" in answer["Content-Type"] else answer.content
