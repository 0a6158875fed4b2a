"""Times as people read them."""

from django.utils.translation import gettext as _


def clock(milliseconds: int) -> str:
    """Meeting time: 65000 → "01:05", from an hour on "1:01:05"."""
    minutes, seconds = divmod(int(milliseconds) // 1_000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def duration(milliseconds: int) -> str:
    """A length: "45 s", "12 min", "1 h 5 min"."""
    seconds = int(milliseconds) // 1_000
    if seconds < 60:
        return _("%(count)d s") % {"count": seconds}
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return _("%(count)d min") % {"count": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
