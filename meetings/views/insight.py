"""The insight page: who talked when, and how much."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meetings.insight import insight
from meetings.views.meetings import readable
from meetings.views.timeline import draw


@never_cache
@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    meeting = readable(request, code)
    figures = insight(meeting)
    slices = [index * figures.slice_ms for index in range(len(figures.voices[0].course) if figures.voices else 0)]
    context = {"meeting": meeting, "insight": figures, "timeline": draw(figures), "slices": slices}
    return render(request, "meetings/insight.html", context)
