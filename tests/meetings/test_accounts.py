"""Signing up and in, by password and by a link that works once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from meetings.models import User
from tests.meetings.cast import PASSWORD

pytestmark = pytest.mark.django_db

FORM = {"email": "kim@example.org", "display_name": "Kim", "password1": PASSWORD, "password2": PASSWORD}


def signin_link(*arguments: str) -> str:
    """The path of a printed sign-in link."""
    output = StringIO()
    call_command("signin_link", *arguments, stdout=output)
    return output.getvalue().strip().removeprefix(settings.BASE_URL)


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_signing_up_signs_in() -> None:
    browser = Client()
    answer = browser.post("/accounts/signup/", FORM)
    assert answer.headers["Location"] == "/"
    assert is_signed_in(browser)
    assert User.objects.get().display_name == "Kim"


def test_signing_up_goes_on_where_one_came_from() -> None:
    answer = Client().post("/accounts/signup/?next=/meetings/new/", FORM)
    assert answer.headers["Location"] == "/meetings/new/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_up_never_leads_to_another_site(target: str) -> None:
    assert Client().post(f"/accounts/signup/?next={target}", FORM).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"email": "ADA@Example.org"}, "email"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "A\u202eda"}, "display_name"),
        ({"password1": "short", "password2": "short"}, "password2"),
        ({"password1": "password1234", "password2": "password1234"}, "password2"),
        ({"password1": "kim@example.org", "password2": "kim@example.org"}, "password2"),
        ({"password2": "something else entirely"}, "password2"),
    ],
)
@pytest.mark.usefixtures("ada")
def test_an_account_that_cannot_be_is_refused_at_its_field(change: dict[str, str], field: str) -> None:
    answer = Client().post("/accounts/signup/", {**FORM, **change})
    assert answer.context["form"].errors[field]
    assert User.objects.count() == 1


def test_signing_in_does_not_mind_the_case_of_the_address(ada: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"username": "Ada@EXAMPLE.org", "password": PASSWORD})
    assert is_signed_in(browser)


def test_a_wrong_password_signs_nobody_in(ada: User) -> None:
    browser = Client()
    answer = browser.post("/accounts/login/", {"username": "ada@example.org", "password": "guess"})
    assert answer.context["form"].non_field_errors()
    assert not is_signed_in(browser)


def test_the_first_link_makes_an_administrator_without_a_password() -> None:
    browser = Client()
    answer = browser.get(signin_link())
    assert answer.headers["Location"] == "/"
    assert browser.get("/admin/").status_code == 200
    user = User.objects.get()
    assert (user.email, user.is_superuser, user.has_usable_password()) == ("admin@localhost", True, False)


def test_a_link_works_once() -> None:
    link = signin_link()
    Client().get(link)
    second = Client()
    page = second.get(link, follow=True)
    assert not is_signed_in(second)
    assert "used already or is too old" in page.content.decode()


def test_a_link_grows_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    link = signin_link()
    later = timezone.now() + timedelta(seconds=settings.SESAME_MAX_AGE + 5)
    monkeypatch.setattr("time.time", later.timestamp)
    browser = Client()
    browser.get(link)
    assert not is_signed_in(browser)


@pytest.mark.parametrize("query", ["", "?token=", "?token=nonsense", "?token=" + "A" * 5_000])
def test_a_made_up_link_signs_nobody_in(admin: User, query: str) -> None:
    browser = Client()
    assert browser.get(f"/accounts/link/{query}").headers["Location"] == "/accounts/login/"
    assert not is_signed_in(browser)


def test_a_second_link_is_for_the_same_administrator(admin: User) -> None:
    browser = Client()
    browser.get(signin_link())
    assert browser.session["_auth_user_id"] == str(admin.pk)
    assert User.objects.count() == 1


def test_a_link_can_be_made_for_any_account(admin: User, ada: User) -> None:
    browser = Client()
    browser.get(signin_link("--email", "ADA@example.org"))
    assert browser.session["_auth_user_id"] == str(ada.pk)


def test_whoever_signed_up_first_does_not_become_the_administrator(ada: User) -> None:
    with pytest.raises(CommandError, match="ordinary account"):
        signin_link("--email", "ada@example.org")
    ada.refresh_from_db()
    assert not ada.is_superuser


def test_links_for_nobody_are_refused(admin: User) -> None:
    with pytest.raises(CommandError, match="no account"):
        signin_link("--email", "nobody@example.org")


def test_the_first_administrator_needs_a_real_address() -> None:
    with pytest.raises(CommandError, match="no email address"):
        signin_link("--email", "root")


# ── One's own account ─────────────────────────────────────────────────────────────────────────────────────────────────

NEW = "a quite different phrase 7"


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_a_name_is_changed(ada: User) -> None:
    answer = signed_in(ada).post("/accounts/name/", {"display_name": " Ada L. "}, follow=True)
    ada.refresh_from_db()
    assert ada.display_name == "Ada L."
    assert "Your name is changed." in answer.text


@pytest.mark.parametrize("name", ["", "   ", "A\u202eda", "A" * 500])
def test_a_name_that_cannot_be_is_refused_and_the_old_one_stays(ada: User, name: str) -> None:
    answer = signed_in(ada).post("/accounts/name/", {"display_name": name})
    assert answer.context["name_form"].errors.keys() == {"display_name"}
    ada.refresh_from_db()
    assert ada.display_name == "Ada"


def test_a_new_password_signs_out_everywhere_else(ada: User) -> None:
    ada.set_password(PASSWORD)
    ada.save()
    here, elsewhere = signed_in(ada), signed_in(ada)
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post("/accounts/password/", fields).headers["Location"] == "/accounts/"
    assert here.get("/accounts/").status_code == 200
    assert elsewhere.get("/accounts/").status_code == 302
    assert Client().login(username="ada@example.org", password=NEW)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"old_password": "guess"}, "old_password"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password2"),
        ({"new_password2": "something else entirely"}, "new_password2"),
    ],
)
def test_a_password_that_cannot_be_is_refused_and_the_old_one_stays(
    ada: User, change: dict[str, str], field: str
) -> None:
    ada.set_password(PASSWORD)
    ada.save()
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW, **change}
    answer = signed_in(ada).post("/accounts/password/", fields)
    assert answer.context["password_form"].errors.keys() == {field}
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_who_came_by_a_link_sets_a_first_password(ada: User) -> None:
    ada.set_unusable_password()
    ada.save()
    browser = signed_in(ada)
    assert "old_password" not in browser.get("/accounts/").text
    browser.post("/accounts/password/", {"new_password1": NEW, "new_password2": NEW})
    assert Client().login(username="ada@example.org", password=NEW)


@pytest.mark.parametrize("path", ["/accounts/", "/accounts/name/", "/accounts/password/"])
def test_the_page_of_an_account_is_for_who_is_signed_in(path: str) -> None:
    answer = Client().get(path) if path == "/accounts/" else Client().post(path)
    assert answer.headers["Location"].startswith("/accounts/login/")
