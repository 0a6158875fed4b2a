"""Finding what was said, in every meeting one may read."""

from dataclasses import dataclass
from datetime import date

from django.contrib.postgres.search import SearchHeadline, SearchRank
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from meetings.models import Mark, Meeting, Segment, User
from meetings.searching import Query, matches, read_query
from meetings.services.access import readable_meetings

MAX_HITS = 200  # ranked; who wants more narrows the search
PAGE_HITS = 20
MAX_TITLES = 5
SNIPPET_CHARS = 400
_START, _STOP, _SEPARATOR = "\ue000", "\ue001", "\x1f"  # of a hit in a snippet; what `searchable_text` adds


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; empty fields do not narrow."""

    text: str
    speaker: str = ""
    language: str = ""
    mark: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    segment: Segment
    snippet: SafeString  # HTML; the words found are in <mark>


@dataclass(frozen=True, slots=True)
class Found:
    """The best lines first. `segment_ids` are at most MAX_HITS; there may be more in the store."""

    query: Query
    segment_ids: list[int]
    meetings: list[Meeting]  # whose title has the words

    @property
    def is_cut(self) -> bool:
        return len(self.segment_ids) == MAX_HITS


def find(user: User, wanted: Wanted) -> Found:
    """Lines of meetings that `user` may read, best first, and meetings by their title."""
    readable = _narrowed(readable_meetings(user), wanted)
    titled = readable.filter(title__icontains=wanted.text).order_by("-created_at")[:MAX_TITLES]
    query = read_query(wanted.text)
    return Found(query, [] if query.is_empty else _best(_lines(readable, wanted), query), list(titled))


def _best(lines: QuerySet[Segment], query: Query) -> list[int]:
    own = query.in_its_language()
    found = lines.filter(matches(query.in_any_language()), matches(own))
    ranked = found.order_by(SearchRank(F("search"), own, cover_density=True).desc(), "-pk")
    return list(ranked.values_list("pk", flat=True)[:MAX_HITS])


def hits(found: Found, segment_ids: list[int]) -> list[Hit]:
    """The lines in the order given, each with the stretch of its text that has the words."""
    text = Func(F("text"), Value(_START + _STOP), Value(""), function="translate", output_field=TextField())
    marked = SearchHeadline(
        Func(text, function="searchable_text", output_field=TextField()),
        found.query.in_its_language(),
        config=Func(F("language"), function="search_configuration"),
        start_sel=_START,
        stop_sel=_STOP,
        highlight_all=True,  # the search for a good fragment takes time without bounds
    )
    lines = Segment.objects.select_related("participant", "meeting").annotate(marked=marked).in_bulk(segment_ids)
    return [Hit(lines[pk], _html(_excerpt(lines[pk].marked))) for pk in segment_ids if pk in lines]


def _narrowed(readable: QuerySet[Meeting], wanted: Wanted) -> QuerySet[Meeting]:
    """By the day a meeting started."""
    if wanted.since:
        readable = readable.filter(started_at__date__gte=wanted.since)
    if wanted.until:
        readable = readable.filter(started_at__date__lte=wanted.until)
    return readable


def _lines(readable: QuerySet[Meeting], wanted: Wanted) -> QuerySet[Segment]:
    lines = Segment.objects.filter(hidden=False, meeting__in=readable.order_by().values("pk"))
    if wanted.speaker:
        lines = lines.filter(participant__display_name__icontains=wanted.speaker)
    if wanted.language:
        exact = Q(language__iexact=wanted.language)
        lines = lines.filter(exact | Q(language__istartswith=f"{wanted.language}-"))
    if wanted.mark:
        lines = lines.filter(Exists(Mark.objects.filter(segment=OuterRef("pk"), kind=wanted.mark, withdrawn_at=None)))
    return lines


def _excerpt(marked: str) -> str:
    """The text around the first hit."""
    text = marked.replace(_SEPARATOR, "").replace(_STOP + _START, "")
    first = max(0, text.find(_START) - SNIPPET_CHARS // 4)
    excerpt = text[first : first + SNIPPET_CHARS]
    if excerpt.count(_START) > excerpt.count(_STOP):
        excerpt += _STOP
    return f"{'…' if first else ''}{excerpt}{'…' if first + SNIPPET_CHARS < len(text) else ''}"


def _html(excerpt: str) -> SafeString:
    """The text is people's and escaped; only the marks around the hits are ours."""
    marked = escape(excerpt).replace(_START, "<mark>").replace(_STOP, "</mark>")
    return mark_safe(marked)  # noqa: S308  (escaped above)
