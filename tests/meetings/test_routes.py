"""What a stranger gets on every route there is; a new route fails here until somebody decides."""

from uuid import UUID

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from meetings.models import Meeting, User
from meetings.urls import urlpatterns
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db

# (GET, POST) of somebody who is not in the meeting; a redirect is written as where it leads.
TO_A_STRANGER: dict[str, tuple[int | str, int | str]] = {
    "meeting-join": (200, "meeting-room"),
    "meeting-check": (405, 400),
    "meeting-check-heard": (200, 405),
    "meeting-room": ("meeting-join", 405),
    "meeting-waiting": ("meeting-join", 405),
    "meeting-invite-picture": (404, 405),
    "meeting-calendar-entry": (404, 405),
    "meeting-overlay": (404, 405),
    "meeting-leave": (405, "home"),
    "meeting-left": (200, 405),
    "meeting-end": (405, 404),
    "meeting-transcript": (404, 405),
    "meeting-minutes": (404, 405),
    "meeting-insight": (404, 405),
    "meeting-sharing": (404, 404),
    "meeting-link-new": (405, 404),
    "meeting-link-revoke": (405, 404),
    "shared-meeting": (404, 405),
    "shared-minutes": (404, 405),
    "shared-document": (404, 405),
    "shared-document-state": (404, 405),
    "shared-document-file": (404, 405),
    "minutes-page": (404, 404),
    "minutes-propose": (405, 404),
    "minutes-propose-cancel": (405, 404),
    "minutes-proposal-state": (404, 405),
    "document": (404, 405),
    "document-state": (404, 405),
    "document-cancel": (405, 404),
    "document-file": (404, 405),
    "meeting-review": (404, 405),
    "meeting-review-lines": (404, 405),
    "meeting-review-history": (404, 405),
    "meeting-review-steps": (404, 405),
    "meeting-review-change": (405, 404),
    "meeting-review-words": (404, 405),
    "meeting-audio": (404, 405),
    "meeting-second-pass": (404, 405),
    "meeting-second-pass-begin": (405, 404),
    "meeting-second-pass-take": (405, 404),
    "meeting-audio-of": (404, 405),
}
TO_A_STRANGER_AFTER_THE_END = {
    **TO_A_STRANGER,
    "meeting-join": (200, "meeting-join"),
    "meeting-check": (405, 409),
}
WITHOUT_A_MEETING = {
    "home", "signup", "login", "logout", "signin-link", "meeting-new", "health", "ready", "metrics", "minutes-schema",
    "meeting-now", "operations", "operations-figures",
    "language", "search", "tokens", "token-revoke", "api-docs",
    "account", "account-name", "account-password", "account-voice",
    "recordings", "recording-begin", "recording", "recording-state", "recording-chunk",
    "recording-cancel", "recording-retry", "recording-delete", "jobs", "job-cancel", "job-retry",
    "second-pass-retry", "microphone-retry",
    "webhooks", "webhook", "webhook-test", "webhook-enabled", "webhook-delete", "webhook-replay",
}  # fmt: skip
SECRET = "the budget is nine million"


def routes() -> list[URLPattern]:
    return [pattern for pattern in urlpatterns if isinstance(pattern, URLPattern)]


MORE_ARGUMENTS: dict[str, list[object]] = {
    "meeting-minutes": ["txt"],
    "meeting-link-revoke": [UUID(int=0)],
    "meeting-audio-of": [UUID(int=0)],
    **{name: [UUID(int=0)] for name in ("document", "document-state", "document-cancel", "document-file")},
    "shared-minutes": ["txt"],
    **{name: [UUID(int=0)] for name in ("shared-document", "shared-document-state", "shared-document-file")},
    "meeting-check-heard": [UUID(int=0)],
}


def address(name: str, code: str) -> str:
    return reverse(name, args=[code, *MORE_ARGUMENTS.get(name, [])])


def test_every_route_is_decided_on() -> None:
    assert {pattern.name for pattern in routes()} == WITHOUT_A_MEETING | set(TO_A_STRANGER)
    assert len(routes()) == len(urlpatterns)
    includes = [str(entry.pattern) for entry in get_resolver().url_patterns if isinstance(entry, URLResolver)]
    assert includes == ["admin/", "api/v1/", "v1/stt/", ""]  # the API: tests/meetings/test_api_tokens.py


@pytest.mark.parametrize("after_the_end", [False, True])
@pytest.mark.parametrize("name", TO_A_STRANGER)
def test_a_stranger_learns_nothing_of_a_meeting(meeting: Meeting, eve: User, name: str, after_the_end: bool) -> None:
    say(meeting.participants.get(), 1_000, SECRET)
    expected = TO_A_STRANGER
    if after_the_end:
        ended(meeting)
        expected = TO_A_STRANGER_AFTER_THE_END
    stranger = signed_in(eve)
    for answer, wanted in zip(
        (stranger.get(address(name, meeting.code)), stranger.post(address(name, meeting.code))),
        expected[name],
        strict=True,
    ):
        if isinstance(wanted, str):
            where = reverse(wanted) if wanted == "home" else reverse(wanted, args=[meeting.code])
            assert (answer.status_code, answer.headers["Location"]) == (302, where)
        else:
            assert answer.status_code == wanted
        assert SECRET not in answer.content.decode()
        if name == "meeting-join":
            break  # posting there makes the stranger a participant


@pytest.mark.parametrize("name", TO_A_STRANGER)
def test_an_unknown_code_is_not_found(meeting: Meeting, ada: User, name: str) -> None:
    client = signed_in(ada)
    unknown = address(name, "no-such-code")
    statuses = {client.get(unknown).status_code, client.post(unknown).status_code}
    assert statuses <= {404, 405}
    assert 404 in statuses


@pytest.mark.parametrize("name", TO_A_STRANGER)
def test_an_anonymous_stranger_posts_nothing(meeting: Meeting, name: str) -> None:
    """A guest's form without a name does not make a participant."""
    Client().post(address(name, meeting.code))
    meeting.refresh_from_db()
    assert meeting.participants.count() == 1
    assert meeting.status == Meeting.Status.LIVE


@pytest.mark.parametrize(
    "name", ["logout", "meeting-new", "meeting-join", "meeting-leave", "meeting-end", "signup", "tokens"]
)
def test_forms_of_other_sites_are_refused(meeting: Meeting, ada: User, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    path = address(name, meeting.code) if name in TO_A_STRANGER else reverse(name)
    assert client.post(path).status_code == 403
    meeting.refresh_from_db()
    assert meeting.status == Meeting.Status.LIVE


def test_the_admin_is_closed_to_everybody_else(ada: User) -> None:
    client = signed_in(ada)
    for model in site._registry:
        answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")
