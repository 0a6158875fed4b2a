"""The languages a meeting can be set to, each under its own name, and how each is written."""

import unicodedata
from collections import Counter
from typing import Literal

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header

_CODES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv mk ms nl pl pt ro ru sk sl sr sv sw ta th "
    "tr uk ur vi"
).split()
_NAMES = {code: str(LANG_INFO[code]["name_local"]).capitalize() for code in _CODES}
_NAMES |= {"zh": "中文", "no": "Norsk"}

_BY_NAME = sorted(_NAMES.items(), key=lambda item: item[1].casefold())
LANGUAGE_CHOICES = [("", _("Automatic, for each speaker")), *_BY_NAME]

MOST_PREFERRED = 8


def preferred_languages(accept_language: str) -> tuple[str, ...]:
    """Of a browser's header, the best first; empty where it has none that can be read."""
    asked = parse_accept_lang_header(accept_language)
    return tuple(dict.fromkeys(tag for tag, quality in asked if quality > 0 and tag != "*"))[:MOST_PREFERRED]


_RTL = frozenset({"ar", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"})


def direction(language: str, text: str = "") -> Literal["ltr", "rtl"]:
    """How a text is written: as most of its letters are; a text without letters as its BCP-47 language is."""
    sides = Counter(map(unicodedata.bidirectional, text))
    leftward, rightward = sides["R"] + sides["AL"], sides["L"]
    if leftward != rightward:
        return "rtl" if leftward > rightward else "ltr"
    return "rtl" if language.partition("-")[0].lower() in _RTL else "ltr"
