"""Invitations to a meeting: as a QR code and as a calendar entry."""

from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import segno
from django.utils import timezone
from icalendar import Calendar, Event, vCalAddress, vText

from meetings.models import Meeting


def qr_code(link: str) -> bytes:
    """The link as an SVG picture, dark on white in every theme so that cameras read it."""
    picture = BytesIO()
    segno.make(link, error="m", micro=False).save(picture, kind="svg", border=3, dark="#000", light="#fff", unit="mm")
    return picture.getvalue()


def invitation(meeting: Meeting, link: str) -> bytes:
    """The planned meeting as an iCalendar file (RFC 5545), in its own time zone."""
    start = meeting.planned_at
    if start is None:
        raise ValueError("the meeting has no planned time")
    zone = ZoneInfo(meeting.time_zone)
    event = Event()
    event.add("uid", f"{meeting.pk}@meetings")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", start.astimezone(zone))
    event.add("dtend", (start + timedelta(minutes=meeting.planned_minutes)).astimezone(zone))
    event.add("summary", meeting.title)
    event.add("location", link)
    event.add("url", link)
    event.add("description", f"{link}\n\n{meeting.agenda}".strip())
    organizer = vCalAddress(f"MAILTO:{meeting.host.email}")
    organizer.params["cn"] = vText(str(meeting.host))
    event["organizer"] = organizer
    calendar = Calendar()
    calendar.add("prodid", "-//Meeting transcription//")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
