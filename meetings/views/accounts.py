"""Accounts: sign up, and sign in by a one-time link."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from sesame.utils import get_user

from meetings.forms import SignUpForm


def sign_up(request: HttpRequest) -> HttpResponse:
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("home")
    return render(request, "registration/signup.html", {"form": form})


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
