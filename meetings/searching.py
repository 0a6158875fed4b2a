"""How text becomes searchable: the word stems that Postgres knows for a language, and scripts without spaces."""

import re
from dataclasses import dataclass
from functools import partial

from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db import connection, models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Cast

# Postgres' configurations by the first part of a BCP-47 language. The migration that makes `search_configuration`
# holds the same table; a test compares them.
CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
ANY_LANGUAGE = "simple"  # words as they are written

# Thai, Japanese, Chinese and Korean: no spaces between words, or endings joined to them; each character is a word.
_RUN = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")


def search_vector() -> models.Expression:
    """The words of a segment, for a column that Postgres itself keeps current."""
    configuration = Func(F("language"), function="search_configuration", output_field=models.TextField())
    text = Func(F("text"), function="searchable_text", output_field=models.TextField())
    return Func(configuration, text, function="to_tsvector", output_field=SearchVectorField())


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, as Postgres queries: the same words give other stems in other languages."""

    by_configuration: dict[str, str]

    @property
    def is_empty(self) -> bool:
        """Nothing to look for: only very common words, exclusions or no words at all."""
        return not any(self.by_configuration.values())

    def in_any_language(self) -> models.Expression:
        """Matches every row that `in_its_language` matches, and more; the index answers it."""
        different = dict.fromkeys(filter(None, self.by_configuration.values()))
        return _tsquery(" | ".join(f"({query})" for query in different))

    def in_its_language(self) -> models.Expression:
        """The query with the stems of each row's own language."""
        other = self.by_configuration[ANY_LANGUAGE]
        languages: dict[str, list[str]] = {}
        for language, configuration in CONFIGURATIONS.items():
            languages.setdefault(self.by_configuration[configuration], []).append(language)
        languages.pop(other, None)
        cases = [When(_is_one_of(codes), then=_tsquery(query)) for query, codes in languages.items()]
        return Case(*cases, default=_tsquery(other)) if cases else _tsquery(other)


def read_query(wanted: str) -> Query:
    """Ask Postgres what `wanted` means in every language; a query without a word that must be there counts as none."""
    configurations = [ANY_LANGUAGE, *CONFIGURATIONS.values()]
    with connection.cursor() as cursor:
        cursor.execute(_READ, [with_phrases(wanted), configurations])
        return Query(dict(cursor.fetchall()))


# `querytree` is what of a query an index can answer: "T" or nothing for "-this" alone.
_READ = """
SELECT configuration, CASE WHEN querytree(query) IN ('', 'T') THEN '' ELSE query::text END
FROM (SELECT configuration, websearch_to_tsquery(configuration::regconfig, typed) AS query
      FROM (SELECT %s AS typed, unnest(%s::text[]) AS configuration) AS asked) AS read
"""


def _tsquery(query: str) -> models.Expression:
    return Cast(Value(query), SearchQueryField())


def _is_one_of(languages: list[str]) -> Q:
    condition = Q()
    for language in languages:
        condition |= Q(language=language) | Q(language__startswith=f"{language}-")
    return condition


def matches(query: models.Expression) -> Func:
    """Whether a segment matches the query."""
    return Func(F("search"), query, arg_joiner=" @@ ", template="(%(expressions)s)", output_field=models.BooleanField())


def with_phrases(wanted: str) -> str:
    """Runs of a script without spaces as phrases of characters, as they are indexed: 会议 → "会 议"."""
    parts = wanted.split('"')
    for index, part in enumerate(parts):
        quote = "" if index % 2 else '"'  # every second part is inside quotes already
        parts[index] = _RUN.sub(partial(_phrase, quote), part)
    return '"'.join(parts)


def _phrase(quote: str, run: re.Match[str]) -> str:
    return f" {quote}{' '.join(run[0])}{quote} "
