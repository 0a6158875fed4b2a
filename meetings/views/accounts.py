"""Accounts: sign up, sign in by a one-time link, and what somebody agrees to."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from sesame.utils import get_user

from meetings.forms import SignUpForm
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
    assert isinstance(request.user, User)
    return render(request, "registration/account.html", {"voice_known": voices.is_known(request.user)})


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
