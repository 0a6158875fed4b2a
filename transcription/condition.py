"""How a recogniser is."""

from typing import Literal

Condition = Literal["ready", "reduced", "away", "loading"]
"""Reduced: with less than it was told to use, for want of memory. Away: a server it depends on does not answer."""
