"""The API put together: its parts and where they are."""

from meetings.api import exports, jobs, marks, meetings, minutes, recordings, segments, webhooks
from meetings.api.application import Api

DESCRIPTION = """\
Meetings, who was in them, what was said, and the documents made of it; files of speech that become text.

A program shows a token (`Authorization: Bearer mtx_…`), which you make under *Programs*. It acts in your name within
its scopes: `meetings:read`, `meetings:write`, `segments:write`, `jobs`, `webhooks`. Lists come in pages: the
`next_cursor` of one is the `cursor` of the next. Refusals are problem documents (RFC 9457) with a stable `code`. A
token may make so many requests a minute; the `RateLimit-*` headers say how many are left.
"""

stt = Api("stt", title="Speech to text", openapi_url=None)
stt.add_router("/jobs", jobs.router)

api = Api("api", stt, title="Meeting transcription", description=DESCRIPTION)
api.add_router("/meetings", meetings.router)
api.add_router("/meetings", marks.router)
api.add_router("/meetings", minutes.router)
api.add_router("/meetings", exports.router)
api.add_router("", segments.router)
api.add_router("/recordings", recordings.router)
api.add_router("/webhooks", webhooks.router)
