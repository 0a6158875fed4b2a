"""Words as people bend them, so that a search has stems to find: the most frequent first, English and German."""

import re
from collections.abc import Iterable
from itertools import zip_longest

_ENGLISH_VERBS = """plan discuss start finish check test deliver ask answer need want work talk listen report
 present review approve correct record export import explain follow open launch order print help
 visit train question confirm consider connect collect compare complain cover cross deploy design
 detail develop direct display doubt dream edit effect end enter expand expect extend fail fear
 fill filter fix flow fold form gather guard hand happen head host index inform insist inspect
 install interview invest invite join jump kick land last layer learn level link list load lock
 look mark match mention model monitor mount neighbour number object offer paint park part pass
 perform phone pick point post pour press prevent process produce project protect pull push rank
 reach react read reason recover reflect refresh regard reject relax remain remember remind rent
 repair repeat rest return reward risk roll sail select shift shout sign sort sound stay stretch
 suggest support suspect""".split()
_ENGLISH_NOUNS = """budget meeting decision question customer release server figure price month contract project
 product handbook machine account result office partner supplier deadline problem answer number
 letter window table paper engine garden bridge station ticket teacher student doctor hospital
 market minister river mountain island village farmer harbour painter picture lesson chapter
 manual sensor cable battery filter button corner drawer folder calendar colour culture carpet
 cousin daughter desert dinner dollar editor effort element emperor example expert factor feature
 finger flower forest future guitar hammer holiday jacket kitchen ladder lawyer leader magnet
 member mirror moment monitor muscle needle object orange parent pattern pencil planet player
 pocket proposal quarter reader reason record region""".split()
_GERMAN_STEMS = """plan frag sag such brauch prüf zeig hör mach bau kauf stell leg hol lern spiel lach lieb folg
 glaub hoff dank wähl zähl zahl füll führ fühl kühl kämpf klag klär kleb klopf koch kehr lager
 lenk lob löffel lös mal meld merk miet mahn nick nutz öffn pack pfleg press quäl rauch reich
 reis rühr schau schenk schick schimpf schmeck schraub schul schütz setz sorg spar spür steck
 steuer stimm stör streich stütz tanz tausch teil träum trenn üb wach warn wechsel weck wein werb
 wohn wunder wünsch zeichn zerr ziel zweifel""".split()
_GERMAN_NOUNS = """Entscheidung Besprechung Rechnung Lieferung Prüfung Planung Zeitung Wohnung Leistung Forderung
 Meinung Sitzung Lösung Änderung Übung Handlung Haltung Messung Mischung Nutzung Ordnung Öffnung
 Packung Richtung Sammlung Schulung Sendung Siedlung Spannung Stellung Stimmung Störung Teilung
 Trennung Überraschung Umgebung Verbindung Verwaltung Vorlesung Wanderung Warnung Werbung Wirkung
 Zahlung Zeichnung Zerstörung Zuordnung Zustimmung Freiheit Krankheit Möglichkeit Schwierigkeit
 Sicherheit Wahrheit Mehrheit Einheit Gesundheit Schönheit Fähigkeit Tätigkeit Flüssigkeit""".split()


def english() -> list[str]:
    """All forms of every word."""
    verbs = (
        (verb, _with_s(verb), _before_ending(verb) + "ed", _before_ending(verb) + "ing") for verb in _ENGLISH_VERBS
    )
    nouns = ((noun, _with_s(noun)) for noun in _ENGLISH_NOUNS)
    return _in_turn(verbs, nouns)


def _with_s(word: str) -> str:
    """Discusses, batteries, plans."""
    if re.search("(s|sh|ch|x)$", word):
        return f"{word}es"
    return re.sub("([^aeiou])y$", r"\1ie", word) + "s"


def _before_ending(verb: str) -> str:
    """Planning, comparing, testing."""
    if re.fullmatch("[^aeiou]+[aeiou][^aeiouwxy]", verb):
        return verb + verb[-1]
    return verb.removesuffix("e")


def german() -> list[str]:
    verbs = ((f"{stem}en", f"{stem}e", f"{stem}t", f"{stem}te", f"{stem}ten", f"ge{stem}t") for stem in _GERMAN_STEMS)
    nouns = ((noun, f"{noun}en") for noun in _GERMAN_NOUNS)
    return _in_turn(verbs, nouns)


def _in_turn(verbs: Iterable[tuple[str, ...]], nouns: Iterable[tuple[str, ...]]) -> list[str]:
    """A verb, a noun, a verb, each with its forms."""
    return [form for pair in zip_longest(verbs, nouns, fillvalue=()) for forms in pair for form in forms]
