"""Accounts: sign up, sign in by a one-time link, one's name and password, and what one agrees to."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from sesame.utils import get_user

from meetings.forms import NameForm, SignUpForm
from meetings.models import User
from meetings.services import voices


def sign_up(request: HttpRequest) -> HttpResponse:
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect(_next(request))
    return render(request, "registration/signup.html", {"form": form})


def _next(request: HttpRequest) -> str:
    """Where the person was going before they had to sign up; never another site."""
    target = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "home"


@never_cache
@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@never_cache
@login_required
@require_POST
def name(request: HttpRequest) -> HttpResponse:
    """What others see; meetings that were keep the name they had."""
    assert isinstance(request.user, User)
    form = NameForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _page(request, name_form=form)
    form.save()
    messages.success(request, _("Your name is changed."))
    return redirect("account")


@never_cache
@login_required
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Signs out everywhere else; who came by a link sets the first one."""
    form = _password_form(request, request.POST)
    if not form.is_valid():
        return _page(request, password_form=form)
    form.save()
    update_session_auth_hash(request, form.user)
    messages.success(request, _("Your password is changed. You are signed out everywhere else."))
    return redirect("account")


def _page(request: HttpRequest, **forms: Any) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    shown = {"name_form": NameForm(instance=user), "password_form": _password_form(request), **forms}
    return render(request, "registration/account.html", {"voice_known": voices.is_known(user), **shown})


def _password_form(request: HttpRequest, entered: QueryDict | None = None) -> SetPasswordForm:  # type: ignore[type-arg]
    user = request.user
    assert isinstance(user, User)
    kind = PasswordChangeForm if user.has_usable_password() else SetPasswordForm
    form = kind(user, entered)
    for field in form.fields.values():
        field.widget.attrs.pop("autofocus", None)  # the page has more than this
    return form


@login_required
@require_POST
def voice(request: HttpRequest) -> HttpResponse:
    """The form says `agreed`: yes or no."""
    assert isinstance(request.user, User)
    agreed = {"yes": True, "no": False}.get(request.POST.get("agreed", ""))
    if agreed is None:
        return HttpResponseBadRequest("agreed: yes or no\n", "text/plain")
    voices.agree(request.user, agreed)
    messages.success(request, _("Thank you.") if agreed else _("What was known of your voice is deleted."))
    return redirect("account")


@never_cache
@require_safe
def sign_in_by_link(request: HttpRequest) -> HttpResponse:
    """A link works once: signing in makes it worthless."""
    user = get_user(request)
    if user is None:
        messages.error(request, _("This sign-in link was used already or is too old. Ask for a new one."))
        return redirect("login")
    login(request, user, backend="sesame.backends.ModelBackend")
    return redirect("home")
