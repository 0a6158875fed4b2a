"""A program of its own: HTML on standard input, the style sheet as argument, PDF on standard output.

Printing an hour of talk takes seconds of Python; here it takes them from nobody's captions. Exit status 3: no Pango,
4: no room on the disk.
Standard error tells how far it is, as WeasyPrint says it: "Step 5 - Creating layout - Page 12".
"""

import errno
import logging
import sys
from pathlib import Path

NO_PANGO = 3
NO_ROOM = 4


def main() -> int:
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except OSError:  # its libraries are loaded by name
        return NO_PANGO
    progress = logging.getLogger("weasyprint.progress")
    progress.setLevel(logging.INFO)
    progress.addHandler(logging.StreamHandler(sys.stderr))
    nothing = URLFetcher(allowed_protocols=())
    page = HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=nothing)
    style = CSS(string=Path(sys.argv[1]).read_text(), url_fetcher=nothing)
    try:
        sys.stdout.buffer.write(page.write_pdf(stylesheets=[style], pdf_tags=True))
        sys.stdout.buffer.flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return NO_ROOM
    return 0


if __name__ == "__main__":
    sys.exit(main())
