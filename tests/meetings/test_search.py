"""What was said is found again: by its words in their language, only by those who may read it, at once."""

import pytest
from django.db import connection
from django.test import Client

from meetings.models import Mark, Meeting, Participant, Segment, User
from meetings.searching import ANY_LANGUAGE, CONFIGURATIONS
from meetings.services.corrections import Author, Line, correct_text
from tests.meetings.cast import say, signed_in

pytestmark = pytest.mark.django_db


def written(segment: Segment, language: str) -> Segment:
    segment.language = language
    segment.save(update_fields=["language"])
    return segment


def found(user: User, words: str, **filters: str) -> list[str]:
    """The texts that the page shows, best first."""
    answer = signed_in(user).get("/search/", {"q": words, **filters})
    assert answer.status_code == 200
    return [hit.segment.text for hit in answer.context.get("hits", [])]


@pytest.fixture
def host(meeting: Meeting) -> Participant:
    return meeting.participants.get()


def test_the_columns_language_table_is_that_of_the_queries() -> None:
    with connection.cursor() as cursor:
        for language, configuration in [*CONFIGURATIONS.items(), ("xx", ANY_LANGUAGE), ("", ANY_LANGUAGE)]:
            cursor.execute("SELECT search_configuration(%s)::text", [language])
            assert cursor.fetchone() == (configuration,)


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "We discussed the budgets.", "budget discussing"),
        ("en-GB", "Three meetings are planned.", "meeting"),
        ("de", "Die Häuser wurden verkauft.", "haus"),
        ("fr", "Nous avons parlé des chevaux.", "parler"),
        ("es", "Las reuniones son largas.", "reunión"),
        ("zh", "我们明天开会讨论预算。", "预算"),
        ("ja", "来週の会議は火曜日です。", "会議"),
        ("ko", "내일 회의가 있습니다.", "회의"),
        ("th", "พรุ่งนี้มีประชุม", "ประชุม"),
        ("cs", "Rozpočet je schválen.", "rozpočet"),
        ("", "Zzyzx Road", "zzyzx"),
    ],
)
def test_words_are_found_in_their_language(host: Participant, ada: User, language: str, text: str, words: str) -> None:
    written(say(host, 1_000, text), language)
    written(say(host, 9_000, "Something else altogether."), "en")
    assert found(ada, words) == [text]


def test_characters_of_a_script_without_spaces_must_stand_together(host: Participant, ada: User) -> None:
    written(say(host, 1_000, "预先计算"), "zh")
    assert found(ada, "预算") == []


def test_phrases_alternatives_and_exclusions(host: Participant, ada: User) -> None:
    texts = ["The red car is fast.", "The car is red.", "A blue bicycle."]
    for number, text in enumerate(texts):
        say(host, number * 5_000, text)
    assert found(ada, '"red car"') == [texts[0]]
    assert sorted(found(ada, "bicycle or fast")) == sorted([texts[0], texts[2]])
    assert found(ada, "cars -fast") == [texts[1]]


def test_an_excluded_word_excludes_all_its_forms(host: Participant, ada: User) -> None:
    say(host, 1_000, "The car failed the meetings.")
    assert found(ada, "car -meeting") == []


def test_the_words_close_together_come_first(host: Participant, ada: User) -> None:
    far = say(host, 1_000, "The budget of the whole and rather large northern department is now under review.")
    near = say(host, 9_000, "Budget review.")
    assert found(ada, "budget review") == [near.text, far.text]


def test_an_edit_is_searchable_at_once_and_the_old_words_are_gone(host: Participant, ada: User) -> None:
    line = say(host, 1_000, "The bugdet is fine.")
    correct_text(host.meeting, Line(line.sequence, 0), "The budget is fine.", Author("Ada"))
    assert found(ada, "budget") == ["The budget is fine."]
    assert found(ada, "bugdet") == []


def test_a_strangers_meeting_never_appears(host: Participant, meeting: Meeting, eve: User, admin: User) -> None:
    say(host, 1_000, "The merger is secret.")
    assert found(eve, "merger") == []
    assert "Weekly sync" not in signed_in(eve).get("/search/", {"q": "weekly"}).content.decode()
    assert found(admin, "merger") == ["The merger is secret."]
    seat = Participant.objects.create(
        meeting=meeting, user=eve, display_name="Eve", role="member", admission=Participant.Admission.WAITING
    )
    assert found(eve, "merger") == []
    seat.admission = Participant.Admission.ADMITTED
    seat.save()
    assert found(eve, "merger") == ["The merger is secret."]


def test_a_visitor_must_sign_in(meeting: Meeting) -> None:
    assert Client().get("/search/", {"q": "x"}).headers["Location"] == "/accounts/login/?next=/search/%3Fq%3Dx"


def test_filters_narrow_by_person_day_language_and_mark(meeting: Meeting, host: Participant, ada: User) -> None:
    grace = Participant.objects.create(meeting=meeting, display_name="Grace Hopper", role="guest")
    one, two = say(host, 1_000, "Ship the release."), say(grace, 5_000, "The release is late.")
    written(two, "nl")
    Mark.objects.create(meeting=meeting, author=host, segment=one, kind="decision", text="Ship", at_ms=0, change=1)
    assert found(ada, "release", speaker="hopper") == [two.text]
    assert found(ada, "release", mark="decision") == [one.text]
    assert found(ada, "release", language="nl") == [two.text]
    assert len(found(ada, "release", since="2026-03-02", until="2026-03-02")) == 2
    assert found(ada, "release", since="2026-03-03") == []
    assert found(ada, "release", until="2026-03-01") == []


@pytest.mark.parametrize(
    "filters", [{"since": "yesterday"}, {"since": "2026-03-03", "until": "2026-03-02"}, {"language": "klingon"}]
)
def test_senseless_filters_are_named(ada: User, filters: dict[str, str]) -> None:
    answer = signed_in(ada).get("/search/", {"q": "release", **filters})
    assert answer.context["form"].errors
    assert "found" not in answer.context


@pytest.mark.parametrize(
    "words", ["", "   ", "-", '"', "'", "\\", "&|!:*", "the", "-release", "the -release", "a" * 201, "\x00"]
)
def test_odd_words_find_nothing_and_break_nothing(host: Participant, ada: User, words: str) -> None:
    say(host, 1_000, "The release")
    assert found(ada, words) == []


def test_the_snippet_marks_the_words_and_escapes_the_rest(host: Participant, ada: User) -> None:
    say(host, 1_000, "<b>Budgets</b> & <script>alert(1)</script> \ue000x\ue001")
    page = signed_in(ada).get("/search/", {"q": "budget"}).content.decode()
    assert "&lt;b&gt;<mark>Budgets</mark>&lt;/b&gt; &amp;" in page
    assert "<script>alert" not in page
    assert page.count("<mark>") == page.count("</mark>") == 1


def test_words_without_spaces_are_marked_whole(host: Participant, ada: User) -> None:
    written(say(host, 1_000, "明天开会"), "zh")
    page = signed_in(ada).get("/search/", {"q": "开会"}).content.decode()
    assert "明天<mark>开会</mark>" in page


def test_a_long_line_shows_the_stretch_around_the_words(host: Participant, ada: User) -> None:
    say(host, 1_000, f"{'before ' * 300}budget {'after ' * 300}")
    [hit] = signed_in(ada).get("/search/", {"q": "budget"}).context["hits"]
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert "before <mark>budget</mark> after" in hit.snippet
    assert len(hit.snippet) < 430


def test_a_hit_leads_to_its_line(meeting: Meeting, host: Participant, ada: User) -> None:
    say(host, 1_000, "Nothing here.")
    say(host, 65_000, "The budget.")
    browser = signed_in(ada)
    page = browser.get("/search/", {"q": "budget"}).content.decode()
    assert f'href="/m/{meeting.code}/transcript/#s2"' in page
    assert 'id="s2"' in browser.get(f"/m/{meeting.code}/transcript/").content.decode()


def test_meetings_are_found_by_their_title_too(meeting: Meeting, ada: User) -> None:
    page = signed_in(ada).get("/search/", {"q": "weekly"})
    assert [each.title for each in page.context["found"].meetings] == ["Weekly sync"]


def test_many_hits_come_in_pages_of_bounded_queries(
    host: Participant, ada: User, django_assert_max_num_queries: "object"
) -> None:
    for number in range(30):
        say(host, number * 2_000, f"Budget line {number}")
    browser = signed_in(ada)
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        first = browser.get("/search/", {"q": "budget"})
    second = browser.get("/search/", {"q": "budget", "page": "2"})
    assert (len(first.context["hits"]), len(second.context["hits"])) == (20, 10)
    assert "q=budget&amp;page=2" in first.content.decode()
