"""What the first bytes of an upload say it is. The decoder looks for itself, and has the last word."""

import re

HEAD = 1 << 14  # bytes; three frames of any MP3 or AAC are within

_MPEG = rb"\xff[\xe2\xe3\xf0-\xfd]"  # MP3, MP2 or AAC, whose frames all begin alike
_BEGINNINGS = re.compile(
    rb"RIFF....WAVE"
    rb"|riff\x2e\x91\xcf\x11"  # w64
    rb"|fLaC|OggS|ID3"
    rb"|\x1a\x45\xdf\xa3"  # matroska and webm
    rb"|....(?:ftyp|styp|moov|moof|mdat|free|skip|wide|pnot|sidx|uuid)"  # mp4, mov, m4a
    rb"|\x00*" + _MPEG,
    re.DOTALL,
)
_FRAMES = re.compile(rb"(" + _MPEG + rb").{22,2880}?\1.{22,2880}?\1", re.DOTALL)  # after something else


def may_be_media(head: bytes) -> bool:
    """Whether a file that begins so may be a recording of a kind we read."""
    return bool(_BEGINNINGS.match(head) or _FRAMES.search(head))
