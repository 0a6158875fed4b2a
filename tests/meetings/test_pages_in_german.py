"""The pages speak another language as well: completely, chosen by whoever reads them, and remembered."""

import gettext
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from meetings.models import Meeting, User
from tests.meetings.cast import signed_in

pytestmark = pytest.mark.django_db
CATALOGUE = Path(settings.BASE_DIR) / "locale" / "de" / "LC_MESSAGES"


def choose(client: Client, language: str) -> None:
    client.post("/language/", {"language": language, "next": "/"})


def test_a_stranger_chooses_german_and_finds_it_again() -> None:
    client = Client()
    assert "Everyone’s words" in client.get("/").content.decode()
    choose(client, "de")
    page = client.get("/").content.decode()
    assert '<html lang="de"' in page
    assert "Was alle sagen, unter dem richtigen Namen." in page
    choose(client, "en")
    assert '<html lang="en"' in client.get("/").content.decode()


def test_a_browser_that_asks_for_german_gets_it() -> None:
    page = Client(headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"}).get("/accounts/login/").content.decode()
    assert "Anmelden" in page
    assert "E-Mail-Adresse" in page


def test_the_room_is_german_with_its_explanations(meeting: Meeting, ada: User) -> None:
    client = signed_in(ada)
    choose(client, "de")
    page = client.get(f"/m/{meeting.code}/room/").content.decode()
    for text in (" mit Mikrofon</span>", "Tastenkürzel", "Besprechung für alle beenden?"):
        assert text in page


@pytest.mark.parametrize("language", ["", "klingon", "../../etc", "x" * 5_000])
def test_a_language_that_there_is_not_changes_nothing(language: str) -> None:
    client = Client()
    choose(client, language)
    assert '<html lang="en"' in client.get("/").content.decode()


def test_the_choice_leads_back_to_this_site_only() -> None:
    answer = Client().post("/language/", {"language": "de", "next": "https://example.org/"})
    assert answer.headers["Location"] == "/"


def test_every_text_of_the_catalogue_is_translated() -> None:
    entries = re.split(r"\n\n", (CATALOGUE / "django.po").read_text(encoding="utf-8"))[1:]
    assert len(entries) > 600
    untranslated = [entry for entry in entries if re.search(r'msgstr(\[\d\])? ""\s*$', entry, re.MULTILINE)]
    assert not untranslated
    assert not [entry for entry in entries if "fuzzy" in entry]


def test_the_compiled_catalogue_is_the_written_one(tmp_path: Path) -> None:
    if shutil.which("msgfmt") is None:
        pytest.skip("no gettext: on Debian `apt-get install gettext`")
    again = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check-format", "-o", str(again), str(CATALOGUE / "django.po")], check=True)
    compiled = [gettext.GNUTranslations(path.open("rb")) for path in (again, CATALOGUE / "django.mo")]
    assert vars(compiled[0])["_catalog"] == vars(compiled[1])["_catalog"]
