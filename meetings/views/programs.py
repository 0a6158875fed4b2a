"""Pages for those whose programs use the API: their tokens, and what the API does."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings.forms import TokenForm
from meetings.models import User
from meetings.services import tokens as service


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """A new token is in the answer to its form, and nowhere else."""
    assert isinstance(request.user, User)
    form, text = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        lifetime = timedelta(days=days) if days else None
        try:
            _token, text = service.issue(request.user, form.cleaned_data["name"], form.cleaned_data["scopes"], lifetime)
            form = TokenForm()
        except service.TooManyTokens:
            form.add_error(None, _("You have as many tokens as one may have: take one back first."))
    context = {"form": form, "new_token": text, "tokens": service.living(request.user), "scopes": service.SCOPES}
    return render(request, "api/tokens.html", context)


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    assert isinstance(request.user, User)
    if not service.revoke(request.user, token_id):
        raise Http404
    messages.success(request, _("The token was taken back: it opens nothing any more."))
    return redirect("tokens")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "api/docs.html",
        {"settings": {"url": "/api/v1/openapi.json", "layout": "BaseLayout", "deepLinking": True}},
    )
