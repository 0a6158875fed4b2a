"""Invitations to a meeting: as a QR code and as a calendar entry."""

from io import BytesIO

import segno


def qr_code(link: str) -> bytes:
    """The link as an SVG picture, dark on white in every theme so that cameras read it."""
    picture = BytesIO()
    segno.make(link, error="m", micro=False).save(picture, kind="svg", border=3, dark="#000", light="#fff", unit="mm")
    return picture.getvalue()
