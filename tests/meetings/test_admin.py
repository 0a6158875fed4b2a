"""The administrators' pages open, find what was said, and never lose what the recogniser heard."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from meetings.models import Meeting, Participant, Segment, User
from tests.meetings.cast import ended, say, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin: User) -> Client:
    return signed_in(admin)


@pytest.fixture
def segment(meeting: Meeting) -> Segment:
    return say(meeting.participants.get(), 61_000, "The bugdet is fine.")


def found(browser: Client, model: str, query: str) -> list[object]:
    answer = browser.get(reverse(f"admin:meetings_{model}_changelist"), {"q": query})
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_every_list_and_every_form_opens(browser: Client, segment: Segment) -> None:
    for model in site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert browser.get(reverse(f"{name}_changelist"), {"q": "a"}).status_code == 200
        for row in model._default_manager.all()[:1]:
            assert browser.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("query", ["weekly", "ada@example", "Ada", "Budget"])
def test_meetings_are_found_by_title_host_people_and_agenda(browser: Client, segment: Segment, query: str) -> None:
    assert found(browser, "meeting", query) == [segment.meeting]
    assert found(browser, "meeting", "nothing like it") == []


def test_meetings_are_gone_through_by_the_day_they_were_held(browser: Client, meeting: Meeting) -> None:
    Meeting.objects.update(started_at=datetime(2025, 3, 4, 12, tzinfo=UTC))
    days = {"started_at__year": 2025, "started_at__month": 3}
    answer = browser.get(reverse("admin:meetings_meeting_changelist"), days)
    assert "started_at__day=4" in answer.content.decode()


@pytest.mark.parametrize("query", ["bugdet", "Ada", "weekly"])
def test_segments_are_found_by_text_speaker_and_meeting(browser: Client, segment: Segment, query: str) -> None:
    assert found(browser, "segment", query) == [segment]
    assert found(browser, "segment", "nothing like it") == []


def test_participants_and_accounts_are_found(browser: Client, meeting: Meeting, ada: User) -> None:
    assert found(browser, "participant", "ada") == [meeting.participants.get()]
    assert found(browser, "user", "ada@") == [ada]


def test_the_list_of_meetings_counts_people_and_lines(browser: Client, meeting: Meeting) -> None:
    ada = meeting.participants.get()
    Participant.objects.create(meeting=meeting, display_name="Grace", role=Participant.Role.GUEST)
    for start_ms in (1_000, 5_000, 9_000):
        say(ada, start_ms, "Yes.")
    ended(meeting)
    Meeting.objects.create(title="Empty", host=meeting.host)
    page = browser.get("/admin/meetings/meeting/")
    rows = {row.title: (row.participant_count, row.segment_count) for row in page.context["cl"].result_list}
    assert rows == {"Weekly sync": (2, 3), "Empty": (0, 0)}
    assert "1 h 5 min" in page.content.decode()


def test_the_lists_do_not_ask_more_for_more_rows(
    browser: Client, meeting: Meeting, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ada = meeting.participants.get()
    for number in range(10):
        say(ada, number * 2_000, f"Line {number}")
        other = Meeting.objects.create(title=f"Meeting {number}", host=meeting.host)
        Participant.objects.create(meeting=other, display_name="Guest", role=Participant.Role.GUEST)
    for model in ("meeting", "participant", "segment"):
        with django_assert_max_num_queries(14):
            browser.get(reverse(f"admin:meetings_{model}_changelist"))


def test_a_line_is_read_here_and_corrected_on_the_review_page(browser: Client, segment: Segment) -> None:
    path = reverse("admin:meetings_segment_change", args=[segment.pk])
    review = f"{reverse('meeting-review', args=[segment.meeting.code])}#s{segment.sequence}"
    assert review not in browser.get(path).content.decode()  # it begins when the meeting is over
    ended(segment.meeting)
    assert review in browser.get(path).content.decode()
    assert browser.post(path, {"text": "Forged.", "recognised_text": "Forged."}).status_code == 403
    segment.refresh_from_db()
    assert (segment.text, segment.recognised_text, segment.revision) == ("The bugdet is fine.",) * 2 + (0,)


def test_a_name_and_a_role_are_read_here_and_changed_where_that_is_noted(browser: Client, meeting: Meeting) -> None:
    person = ended(meeting).participants.get()
    review = reverse("meeting-review", args=[meeting.code])
    path = reverse("admin:meetings_participant_change", args=[person.pk])
    assert review in browser.get(path).content.decode()
    assert browser.post(path, {"display_name": "Forged", "role": "guest"}).status_code == 403
    path = reverse("admin:meetings_meeting_change", args=[meeting.pk])
    assert review in browser.get(path).content.decode()
    inline = {"participants-TOTAL_FORMS": "1", "participants-INITIAL_FORMS": "1", "participants-0-id": str(person.pk)}
    forged = {"participants-0-display_name": "Forged", "participants-0-role": "guest"}
    fields = {"title": "New", "host": str(meeting.host_id), "language": "", "agenda": "", "time_zone": "UTC"}
    assert browser.post(path, {**fields, **inline, **forged}).status_code == 302
    person.refresh_from_db()
    assert (person.display_name, person.role) == ("Ada", Participant.Role.HOST)


def test_unsure_lines_are_found(browser: Client, segment: Segment) -> None:
    unsure = say(segment.participant, 70_000, "Perhaps.")
    Segment.objects.filter(pk=unsure.pk).update(confidence=0.2)
    path = reverse("admin:meetings_segment_changelist")
    for wanted, line in (("low", unsure), ("high", segment)):
        assert list(browser.get(path, {"confidence": wanted}).context["cl"].result_list) == [line]


def test_a_meeting_cannot_be_given_a_time_zone_that_does_not_exist(browser: Client, meeting: Meeting) -> None:
    path = reverse("admin:meetings_meeting_change", args=[meeting.pk])
    inline = {"participants-TOTAL_FORMS": "0", "participants-INITIAL_FORMS": "0"}
    fields = {"title": "New", "host": str(meeting.host_id), "language": "", "agenda": "", **inline}
    refused = browser.post(path, {**fields, "time_zone": "Mars/Olympus"})
    assert refused.context["adminform"].form.errors["time_zone"]
    assert browser.post(path, {**fields, "time_zone": "Asia/Tokyo"}).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.title, meeting.time_zone) == ("New", "Asia/Tokyo")


def test_an_account_made_by_an_administrator_signs_in_in_any_case(browser: Client) -> None:
    fields = {"email": "Kim@Example.org", "display_name": "Kim", "usable_password": "true"}
    passwords = {"password1": "a-long-enough-phrase-1", "password2": "a-long-enough-phrase-1"}
    answer = browser.post("/admin/meetings/user/add/", {**fields, **passwords})
    assert answer.status_code == 302
    assert User.objects.filter(email="kim@example.org").exists()
    again = browser.post("/admin/meetings/user/add/", {**fields, **passwords, "email": "kim@example.ORG"})
    assert again.context["adminform"].form.errors["email"]
