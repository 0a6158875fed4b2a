"""Many meetings in one file."""

import io
import zipfile
from collections.abc import Iterable

from meetings import exports
from meetings.models import Meeting


def minutes_archive(meetings: Iterable[Meeting], extension: str) -> bytes:
    """A ZIP with the minutes of each meeting in one format, under names that do not clash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, meeting in enumerate(meetings, start=1):
            document = exports.build_minutes(meeting)
            archive.writestr(
                f"{number:03}_{document.file_name(extension)}", exports.FORMATS[extension].render(document)
            )
    return buffer.getvalue()
