"""A token opens what its scopes say, in its owner's name, until it is taken back."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from meetings.api.v1 import api
from meetings.exports import Options
from meetings.models import ApiToken, Mark, Meeting, Participant, User
from meetings.services import documents, events, tokens, uploads, webhooks
from tests.meetings.cast import say, signed_in
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db


def test_a_token_is_shown_once_and_kept_as_a_digest(ada: User) -> None:
    browser = signed_in(ada)
    page = browser.post("/accounts/tokens/", {"name": "Bot", "scopes": ["meetings:read"], "days": "30"})
    token = ApiToken.objects.get()
    text = page.context["new_token"]
    assert text in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert text not in browser.get("/accounts/tokens/").content.decode()
    assert text not in str(ApiToken.objects.values())
    assert (token.name, token.scopes, token.user) == ("Bot", ["meetings:read"], ada)
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"name": "x" * 81}, {"name": "\u202e"}, {"scopes": []}, {"scopes": ["everything"]}, {"days": "7"}],
)
def test_a_form_that_asks_for_what_cannot_be_makes_nothing(ada: User, change: dict[str, object]) -> None:
    form = {"name": "Bot", "scopes": ["meetings:read"], "days": "30", **change}
    assert signed_in(ada).post("/accounts/tokens/", form).context["form"].errors
    assert not ApiToken.objects.exists()


def test_there_is_a_bound_to_the_tokens_of_one_person(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 1)
    form = {"name": "Bot", "scopes": ["meetings:read"], "days": "0"}
    browser = signed_in(ada)
    browser.post("/accounts/tokens/", form)
    assert "take one back first" in browser.post("/accounts/tokens/", form).content.decode()
    assert ApiToken.objects.count() == 1


def test_a_revoked_token_opens_nothing(ada: User) -> None:
    program = Program(ada)
    program.get("/meetings")
    assert signed_in(ada).post(f"/accounts/tokens/{program.token.pk}/revoke/").status_code == 302
    assert program.get("/meetings", 401)["code"] == "unauthorized"
    assert program.answer["WWW-Authenticate"].startswith("Bearer")


def test_nobody_revokes_or_sees_anothers_token(ada: User, eve: User) -> None:
    program = Program(ada)
    assert signed_in(eve).post(f"/accounts/tokens/{program.token.pk}/revoke/").status_code == 404
    assert program.token.shown not in signed_in(eve).get("/accounts/tokens/").content.decode()
    program.get("/meetings")


def test_the_page_needs_somebody_signed_in() -> None:
    assert Client().get("/accounts/tokens/").status_code == 302
    assert Client().post("/accounts/tokens/1/revoke/").status_code == 302


@pytest.mark.parametrize("change", ["expired", "owner barred"])
def test_a_token_ends_with_its_time_and_its_owners_account(ada: User, change: str) -> None:
    program = Program(ada)
    if change == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        User.objects.update(is_active=False)
    program.get("/meetings", 401)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer mtx_wrong", "Basic YTpi", "Bearer \udc80", "mtx_x", "Bearer " + "x" * 5_000]
)
def test_anything_else_is_no_token(header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = Client().get("/api/v1/meetings", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


OPERATIONS = [(method, path) for path, operations in api.get_openapi_schema()["paths"].items() for method in operations]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_needs_a_token_and_a_seat(meeting: Meeting, eve: User, method: str, path: str) -> None:
    segment = say(meeting.participants.get(), 1_000, "the budget is nine million")
    webhook = webhooks.register(meeting.host, "https://example.org/hook", ["meeting.ended"])
    recording = uploads.begin(meeting.host, "Board", "", 10)
    named = {
        "meeting_id": meeting.pk,
        "segment_id": segment.pk,
        "format": "md",
        "webhook_id": webhook.pk,
        "delivery_id": events.test_event(webhook).pk,
        "job_id": recording.pk,
        "recording_id": recording.pk,
        "offset": 0,
        "document_id": documents.order(meeting, "docx", Options()).pk,
        "mark_id": Mark.objects.create(
            meeting=meeting, author=meeting.participants.get(), kind="note", at_ms=0, change=1
        ).pk,
    }
    address = path.format(**named)
    bodies: dict[str, object] = {
        "segment_id": {"text": "x", "revision": 0},
        "minutes": {"revision": 0},
        "mark_id": {"text": "x", "revision": 0},
        "marks": {"kind": "note", "text": "x"},
        "webhook_id": {"enabled": False},
    }
    body = next((body for part, body in bodies.items() if part in path), {"title": "Mine"})
    assert Client().generic(method, address, "{}", "application/json").status_code == 401
    answer = Client(headers={"Authorization": f"Bearer {Program(eve).text}"}).generic(
        method, address, json.dumps(body), "application/json"
    )
    assert "the budget" not in answer.content.decode()
    if "{" in path:
        assert answer.status_code == 404
    meeting.refresh_from_db()
    assert (meeting.title, meeting.status) == ("Weekly sync", "live")


def test_a_session_is_no_token(ada: User) -> None:
    assert signed_in(ada).get("/api/v1/meetings").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", "/meetings", "meetings:read"),
        ("post", "/meetings", "meetings:write"),
        ("patch", "/segments/1", "segments:write"),
    ],
)
def test_each_operation_needs_its_scope(ada: User, method: str, path: str, scope: str) -> None:
    program = Program(ada, *[other for other in tokens.SCOPES if other != scope])
    problem = getattr(program, method)(path, *([] if method == "get" else [{}]), 403)
    assert problem["code"] == "scope_missing"
    assert scope in problem["detail"]


def test_use_is_noted_without_a_write_for_every_request(ada: User) -> None:
    program = Program(ada)
    program.get("/meetings")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    program.get("/meetings")
    assert ApiToken.objects.get().last_used_at == first


def test_a_token_is_not_the_way_to_a_meeting_of_others(eve: User, meeting: Meeting) -> None:
    program = Program(eve)
    assert program.get("/meetings")["items"] == []
    for path in ("", "/participants", "/segments", "/marks", "/exports", "/exports/md"):
        assert program.get(f"/meetings/{meeting.pk}{path}", 404)["code"] == "not_found"
    program.patch(f"/meetings/{meeting.pk}", {"title": "Mine"}, 404)
    program.post(f"/meetings/{meeting.pk}/end", status=404)


@pytest.mark.parametrize("admission", ["waiting", "removed"])
def test_who_waits_or_was_removed_has_no_seat(eve: User, meeting: Meeting, admission: str) -> None:
    Participant.objects.create(
        meeting=meeting, user=eve, display_name="Eve", role="member", admission=Participant.Admission(admission)
    )
    program = Program(eve)
    assert program.get("/meetings")["items"] == []
    for path in ("", "/participants", "/segments", "/marks", "/exports/md"):
        program.get(f"/meetings/{meeting.pk}{path}", 404)
