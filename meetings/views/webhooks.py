"""Pages on which people say what is told to which address, and see whether it arrived."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings.models import User, Webhook
from meetings.services import events
from meetings.services import webhooks as service
from meetings.webhook_forms import WebhookForm

MAX_LISTED = 100


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def all_mine(request: HttpRequest) -> HttpResponse:
    """The secret of a new webhook is in the answer to its form, and nowhere else."""
    assert isinstance(request.user, User)
    form, secret = WebhookForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            secret = service.shown_secret(service.register(request.user, **form.cleaned_data))
            form = WebhookForm()
        except service.TooManyWebhooks:
            form.add_error(None, _("You have as many webhooks as one may have: delete one first."))
    context = {"form": form, "secret": secret, "webhooks": service.of(request.user)}
    return render(request, "webhooks/list.html", context)


@never_cache
@login_required
@require_safe
def page(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    webhook = _own(request, webhook_id)
    return render(
        request, "webhooks/one.html", {"webhook": webhook, "deliveries": webhook.deliveries.all()[:MAX_LISTED]}
    )


@login_required
@require_POST
def test(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    events.test_event(_own(request, webhook_id))
    messages.success(request, _("A test is on its way: reload the page to see whether it arrived."))
    return redirect("webhook", webhook_id)


@login_required
@require_POST
def set_enabled(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    service.change(_own(request, webhook_id), enabled=request.POST.get("enabled") == "1")
    return redirect("webhook", webhook_id)


@login_required
@require_POST
def delete(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    _own(request, webhook_id).delete()
    messages.success(request, _("The webhook is gone: nothing more is sent."))
    return redirect("webhooks")


@login_required
@require_POST
def replay(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    if service.replay(_own(request, webhook_id), delivery_id) is None:
        raise Http404
    messages.success(request, _("It is sent once more."))
    return redirect("webhook", webhook_id)


def _own(request: HttpRequest, webhook_id: UUID) -> Webhook:
    """The person's own webhook; for everybody else there is none."""
    assert isinstance(request.user, User)
    webhook = service.of(request.user).filter(pk=webhook_id).first()
    if webhook is None:
        raise Http404
    return webhook
