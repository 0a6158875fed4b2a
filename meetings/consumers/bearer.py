"""The token that a program shows when it opens a socket."""

from collections.abc import Mapping
from typing import Any


def shown_token(scope: Mapping[str, Any]) -> str:
    """Of `Authorization: Bearer mtx_…`; empty where there is none."""
    shown = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    kind, _, text = shown.partition(" ")
    return text.strip() if kind.lower() == "bearer" else ""
