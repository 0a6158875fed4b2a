"""What a name or title may consist of."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Control characters, line and paragraph separators, and the marks that turn the direction of what follows.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # in a text of several lines


def validate_visible(name: str) -> None:
    """Refuse a name that would show as something else, or as nothing."""
    if INVISIBLE.search(name):
        raise ValidationError(_("Control characters and marks that turn the text direction are not allowed here."))
    if all(unicodedata.category(character)[0] in "CMZ" for character in name):
        raise ValidationError(_("This needs at least one visible character."))
