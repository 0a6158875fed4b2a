"""The cast as fixtures. Django is set up after this file is read, so its models are imported where they are used."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from pytest_django import Settings

if TYPE_CHECKING:
    from meetings.models import Meeting, User


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    """Pages render without the built frontend, and a password takes no time to hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """What is stored, is stored here."""
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def any_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads are taken for recordings whatever is in them."""
    monkeypatch.setattr("meetings.receiving.look", lambda *_: None)


@pytest.fixture
def ada() -> "User":
    from tests.meetings import cast

    return cast.account("Ada")


@pytest.fixture
def eve() -> "User":
    from tests.meetings import cast

    return cast.account("Eve")


@pytest.fixture
def admin() -> "User":
    from tests.meetings import cast

    return cast.administrator()


@pytest.fixture
def browser(ada: "User") -> Client:
    from tests.meetings import cast

    return cast.signed_in(ada)


@pytest.fixture
def meeting(ada: "User") -> "Meeting":
    from tests.meetings import cast

    return cast.live_meeting(ada)


@pytest.fixture
def grace(meeting: "Meeting") -> Client:
    """The browser of a guest who has joined Ada's meeting."""
    client = Client()
    client.post(f"/m/{meeting.code}/", {"display_name": "Grace", "consent": "on"})
    return client
