"""What a name or title may consist of."""

import re

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# Control characters, line and paragraph separators, and the marks that turn the direction of what follows.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")

validate_visible = RegexValidator(
    INVISIBLE, _("Control characters and marks that turn the text direction are not allowed here."), inverse_match=True
)


