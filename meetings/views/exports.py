"""The minutes to download, in every format there is."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meetings import exports
from meetings.forms import DownloadForm
from meetings.views.meetings import readable


@never_cache
@require_safe
def minutes(request: HttpRequest, code: str, extension: str) -> HttpResponse:
    meeting = readable(request, code)
    export = exports.FORMATS.get(extension)
    if export is None:
        raise Http404
    form = DownloadForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest(
            "names, times and transcript are 0 or 1, text is edited or original\n", "text/plain"
        )
    document = exports.build_minutes(meeting, form.options())
    try:
        response = HttpResponse(export.render(document), content_type=export.content_type)
    except exports.ExportUnavailable as missing:
        return HttpResponse(f"{missing}\n", "text/plain", status=503)
    response["Content-Disposition"] = f'attachment; filename="{document.file_name(extension)}"'
    return response


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """What the JSON download holds, for those who write programs; public, as it says nothing of any meeting."""
    return HttpResponse(exports.SCHEMA.read_bytes(), content_type="application/schema+json")
