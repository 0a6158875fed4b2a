"""Pictures of the documents for docs/screenshots/: the minutes of a meeting as PDF and, where LibreOffice is, as Word.

`python -m tests.e2e.documents` needs poppler-utils; `SOFFICE` names another LibreOffice than that of the path.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import django
from PIL import Image

from tests.e2e.screenshots import FOLDER, sheet

DPI = 75
PAGES = 3  # of a document, from its first
NOWHERE = {"DATABASE_URL": "postgres://never/connected", "REDIS_URL": "redis://never-connected", "SECRET_KEY": "x" * 50}


def pages(pdf: Path) -> list[Image.Image]:
    subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-l", str(PAGES), "-png", str(pdf), str(pdf.with_suffix(""))], check=True
    )
    return [Image.open(page).convert("RGB") for page in sorted(pdf.parent.glob(f"{pdf.stem}-*.png"))]


def main() -> None:
    os.environ |= NOWHERE | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    django.setup()
    from meetings.exports import FORMATS
    from tests.e2e.sample_minutes import sample

    office = os.environ.get("SOFFICE") or shutil.which("soffice")
    with tempfile.TemporaryDirectory(prefix="documents-") as scratch:
        for extension in ("pdf", "docx") if office else ("pdf",):
            made = FORMATS[extension].render(sample())
            path = Path(scratch, f"document-{extension}.{extension}")
            path.write_bytes(made if isinstance(made, bytes) else made.encode())
            if office and extension == "docx":
                into = ["--headless", f"-env:UserInstallation=file://{scratch}/office", "--convert-to", "pdf"]
                subprocess.run([office, *into, "--outdir", scratch, str(path)], check=True, capture_output=True)
            picture = FOLDER / f"{path.stem}.png"
            sheet(pages(path.with_suffix(".pdf"))).save(picture, optimize=True)
            print(picture.name)


if __name__ == "__main__":
    main()
