"""The search page."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meetings.forms import SearchForm
from meetings.models import User
from meetings.services import audit_log
from meetings.services import search as searching


@never_cache
@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.GET or None)
    context: dict[str, object] = {"form": form}
    if form.is_valid() and isinstance(request.user, User):
        context |= _results(request, request.user, form.wanted())
    return render(request, "search.html", context)


def _results(request: HttpRequest, user: User, wanted: searching.Wanted) -> dict[str, object]:
    found = searching.find(user, wanted)
    audit_log.record(audit_log.Action.SEARCHED, None, user)
    page = Paginator(found.segment_ids, searching.PAGE_HITS).get_page(request.GET.get("page"))
    others = request.GET.copy()
    others.pop("page", None)
    hits = searching.hits(found, list(page))
    return {"found": found, "page": page, "hits": hits, "query": others.urlencode(), "wanted": wanted}
