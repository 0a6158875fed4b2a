"""Webhooks: who is told of what, how it is signed, when it comes again, and what others may not see."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from meetings.models import Delivery, Meeting, User, Webhook
from meetings.services import deliveries, events, minutes, privacy, recordings, rooms, uploads, webhooks
from tests.meetings.cast import ended, live_meeting, signed_in
from tests.meetings.programs import Program

pytestmark = pytest.mark.django_db
URL = "https://example.org/hook"
ALL = list(events.EVENTS)


@pytest.fixture
def program(ada: User) -> Program:
    return Program(ada)


def told(webhook: Webhook) -> list[str]:
    return list(webhook.deliveries.order_by("created_at").values_list("event_type", flat=True))


def test_a_host_is_told_of_the_whole_life_of_a_meeting(ada: User, eve: User) -> None:
    mine, others = webhooks.register(ada, URL, ALL), webhooks.register(eve, URL, ALL)
    meeting = rooms.create_meeting(ada, "Retro")
    for _ in range(2):  # what happened already happens to nobody again
        rooms.start_meeting(meeting)
        rooms.end_meeting(meeting)
        rooms.complete_meeting(meeting)
    minutes.approve(meeting, "Ada")
    assert told(mine) == ["meeting.started", "meeting.ended", "transcript.ready", "minutes.ready"]
    assert told(others) == []


def test_only_what_was_asked_for_is_told(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ["meeting.ended"])
    meeting = live_meeting(ada)
    rooms.end_meeting(meeting)
    rooms.complete_meeting(meeting)
    assert told(webhook) == ["meeting.ended"]


def test_a_job_tells_the_owner_and_its_own_webhook_when_it_is_over(ada: User) -> None:
    mine = webhooks.register(ada, URL, ALL)
    recording = uploads.begin(ada, "Board", "", 10)
    own = webhooks.register_for_job(recording, URL)
    other_job = webhooks.register_for_job(uploads.begin(ada, "Other", "", 10), URL)
    recordings.fail(recording.job.pk, "silent")
    recordings.cancel(recording)
    assert (told(mine), told(own), told(other_job)) == (["job.finished"], ["job.finished"], [])
    data = json.loads(own.deliveries.get().body)["data"]
    assert (data["job_id"], data["status"], data["error"]) == (str(recording.pk), "failed", "silent")
    assert own not in webhooks.of(ada)


def test_the_envelope_says_what_when_and_of_which_version(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    meeting = rooms.create_meeting(ada, "Retro")
    rooms.start_meeting(meeting)
    delivery = webhook.deliveries.get()
    envelope = json.loads(delivery.body)
    assert set(envelope) == {"event_id", "event_type", "api_version", "created_at", "data"}
    assert (envelope["event_id"], envelope["event_type"]) == (str(delivery.event_id), "meeting.started")
    assert envelope["data"]["url"].endswith(f"/api/v1/meetings/{meeting.pk}")
    assert envelope["data"]["status"] == "live"


def test_an_event_that_is_rolled_back_is_told_to_nobody(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    meeting = rooms.create_meeting(ada, "Retro")

    def fails(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(Delivery.objects, "bulk_create", fails)
    with pytest.raises(DatabaseError):
        rooms.start_meeting(meeting)
    meeting.refresh_from_db()
    assert (meeting.status, told(webhook)) == (Meeting.Status.SCHEDULED, [])


def test_the_signature_is_that_of_standard_webhooks(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    secret = base64.b64decode(webhooks.shown_secret(webhook).removeprefix("whsec_"))
    delivery = events.test_event(webhook)
    body = delivery.body.encode()
    headers = deliveries.headers_of(delivery, body)
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"
    former = webhooks.shown_secret(webhook)
    assert webhooks.renew_secret(webhook) != former
    assert deliveries.headers_of(delivery, body)["Webhook-Signature"] != headers["Webhook-Signature"]


# ── Again and again ─────────────────────────────────────────────────────────────────────────────────────────────────


def due(webhook: Webhook) -> Delivery:
    return events.test_event(webhook)


def test_a_failure_is_tried_again_later_and_later_and_then_given_up(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    delivery = due(webhook)
    pauses: list[timedelta] = []
    while delivery.state == Delivery.State.PENDING:
        assert not deliveries.record(delivery, 500, "")
        pauses.append(delivery.due_at - timezone.now())
        assert delivery.attempts < 20
    assert delivery.state == Delivery.State.FAILED
    assert delivery.attempts == len(deliveries.PAUSES) + 1
    assert pauses[:-2] == sorted(pauses[:-2])  # the last two are as long as each other
    assert timedelta(days=2) < sum(pauses[:-1], timedelta()) < timedelta(days=4)


def test_what_arrived_is_not_sent_again(ada: User) -> None:
    delivery = due(webhooks.register(ada, URL, ALL))
    assert [one.pk for one in deliveries.claim_due()] == [delivery.pk]
    assert deliveries.claim_due() == []  # another worker has it
    assert deliveries.record(delivery, 204, "")
    Delivery.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert deliveries.claim_due() == []


def test_what_a_dead_worker_had_is_tried_by_another(ada: User) -> None:
    delivery = due(webhooks.register(ada, URL, ALL))
    deliveries.claim_due()
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))  # the claim ran out
    assert [one.pk for one in deliveries.claim_due()] == [delivery.pk]


def test_one_webhook_does_not_take_the_places_of_all(ada: User, eve: User) -> None:
    slow, other = webhooks.register(ada, URL, ALL), webhooks.register(eve, URL, ALL)
    for _ in range(4 * deliveries.MAX_AT_ONCE + 1):
        due(slow)
    due(other)
    claimed = [one.webhook_id for one in deliveries.claim_due()]
    assert claimed.count(slow.pk) == deliveries.MAX_EACH
    assert claimed.count(other.pk) == 1


async def _told(delivery: Delivery) -> tuple[int | None, str]:
    if delivery.webhook.url.endswith("odd"):
        raise ValueError("nobody thought of this")
    return 200, ""


@pytest.mark.django_db(transaction=True)
def test_one_delivery_that_goes_wrong_stops_no_other(
    ada: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd, other = webhooks.register(ada, f"{URL}/odd", ALL), webhooks.register(ada, URL, ALL)
    due(odd)
    arrives = due(other)
    monkeypatch.setattr(deliveries, "_send", _told)
    assert async_to_sync(deliveries.deliver_due)() == 1
    arrives.refresh_from_db()
    assert arrives.state == Delivery.State.DELIVERED
    assert "went wrong" in caplog.text


def test_a_webhook_that_failed_for_days_is_disabled_until_its_owner_enables_it(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    deliveries.record(due(webhook), 500, "")
    webhook.refresh_from_db()
    assert webhook.failing_since
    assert webhook.disabled_at is None
    Webhook.objects.update(failing_since=timezone.now() - deliveries.DISABLED_AFTER - timedelta(minutes=1))
    deliveries.record(due(webhook), None, "nobody answers")
    webhook.refresh_from_db()
    assert webhook.disabled_at
    rooms.start_meeting(rooms.create_meeting(ada, "Unheard"))
    assert "meeting.started" not in told(webhook)
    Delivery.objects.update(due_at=timezone.now())
    assert deliveries.claim_due() == []
    webhooks.change(webhook, enabled=True)
    assert deliveries.claim_due() != []


def test_one_arrival_ends_the_failure(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    deliveries.record(due(webhook), 500, "")
    deliveries.record(due(webhook), 200, "")
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_who_answers_gone_hears_nothing_more(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    delivery = due(webhook)
    deliveries.record(delivery, 410, "")
    webhook.refresh_from_db()
    assert delivery.state == Delivery.State.FAILED
    assert webhook.disabled_at


def test_the_log_is_shortened(ada: User) -> None:
    old, new = due(webhooks.register(ada, URL, ALL)), due(webhooks.register(ada, URL, ALL))
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - deliveries.KEPT - timedelta(minutes=1))
    assert deliveries.forget_old() == 1
    assert list(Delivery.objects.all()) == [new]


# ── By the API ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_makes_reads_changes_tests_and_deletes_a_webhook(program: Program) -> None:
    made = program.post("/webhooks", {"url": URL, "events": ["meeting.ended"]})
    assert made["secret"].startswith("whsec_")
    path = f"/webhooks/{made['id']}"
    shown = program.get(path)
    assert "secret" not in shown
    assert shown == {name: made[name] for name in shown}
    changed = program.patch(path, {"enabled": False, "events": ["meeting.started"]})
    assert (changed["enabled"], changed["events"], changed["url"]) == (False, ["meeting.started"], URL)
    assert program.post(f"{path}/secret", status=200)["secret"] not in {made["secret"], ""}
    sent = program.post(f"{path}/test", status=202)
    log = program.get(f"{path}/deliveries")["items"]
    assert [(one["id"], one["state"], one["body"]["event_type"]) for one in log] == [
        (sent["id"], "pending", "webhook.test")
    ]
    assert [one["id"] for one in program.get("/webhooks")["items"]] == [made["id"]]
    assert program.client.delete(f"/api/v1{path}").status_code == 204
    program.get(path, 404)


def test_an_event_is_replayed_under_its_own_id(program: Program) -> None:
    made = program.post("/webhooks", {"url": URL, "events": ["meeting.ended"]})
    first = program.post(f"/webhooks/{made['id']}/test", status=202)
    again = program.post(f"/webhooks/{made['id']}/deliveries/{first['id']}/replay", status=202)
    assert again["id"] != first["id"]
    assert (again["event_id"], again["body"], again["attempts"]) == (first["event_id"], first["body"], 0)
    program.post(f"/webhooks/{made['id']}/deliveries/{uuid4()}/replay", status=404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "ftp://example.org/"}, "body.url"),
        ({"url": "https://user:secret@example.org/"}, "body.url"),
        ({"url": ""}, "body.url"),
        ({"url": "https://example.org/" + "x" * 2_000}, "body.url"),
        ({"events": []}, "body.events"),
        ({"events": ["meeting.danced"]}, "body.events.0"),
        ({"colour": "red"}, "body.colour"),
    ],
)
def test_what_is_no_webhook_is_refused(program: Program, change: dict[str, Any], field: str) -> None:
    problem = program.post("/webhooks", {"url": URL, "events": ["meeting.ended"], **change}, 422)
    assert problem["errors"][0]["field"] == field
    assert not Webhook.objects.exists()


def test_the_same_key_gives_the_same_webhook(program: Program) -> None:
    first = program.post("/webhooks", {"url": URL, "events": ["meeting.ended"]}, key="k1")
    assert program.post("/webhooks", {"url": URL, "events": ["meeting.ended"]}, key="k1") == first
    other = {"url": URL, "events": ["meeting.started"]}
    assert program.post("/webhooks", other, 409, key="k1")["code"] == "key_used"
    assert program.post("/webhooks", other, key="k2")["id"] != first["id"]


def test_there_is_an_end_to_webhooks(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 1)
    program.post("/webhooks", {"url": URL, "events": ["meeting.ended"]})
    assert program.post("/webhooks", {"url": URL, "events": ["meeting.ended"]}, 409)["code"] == "too_many_webhooks"


def test_anothers_webhook_does_not_exist(program: Program, eve: User) -> None:
    made = program.post("/webhooks", {"url": URL, "events": ["meeting.ended"]})
    sent = program.post(f"/webhooks/{made['id']}/test", status=202)
    other, path = Program(eve), f"/webhooks/{made['id']}"
    other.get(path, 404)
    other.patch(path, {"enabled": False}, 404)
    other.get(f"{path}/deliveries", 404)
    for action in ("secret", "test", f"deliveries/{sent['id']}/replay"):
        other.post(f"{path}/{action}", status=404)
    assert other.client.delete(f"/api/v1{path}").status_code == 404
    assert other.get("/webhooks")["items"] == []
    Program(eve, "meetings:read").get("/webhooks", 403)


# ── By the page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_a_secret_once_and_a_log(ada: User) -> None:
    browser = signed_in(ada)
    page = browser.post("/accounts/webhooks/", {"url": URL, "events": ["meeting.ended"]}).content.decode()
    webhook = Webhook.objects.get()
    assert webhooks.shown_secret(webhook) in page
    assert "whsec_" not in browser.get("/accounts/webhooks/").content.decode()
    rooms.end_meeting(live_meeting(ada))
    log = browser.get(f"/accounts/webhooks/{webhook.pk}/").content.decode()
    assert "meeting.ended" in log
    browser.post(f"/accounts/webhooks/{webhook.pk}/replay/{webhook.deliveries.get().pk}/")
    assert told(webhook) == ["meeting.ended", "meeting.ended"]
    browser.post(f"/accounts/webhooks/{webhook.pk}/test/")
    assert told(webhook)[-1] == "webhook.test"
    browser.post(f"/accounts/webhooks/{webhook.pk}/enabled/", {"enabled": "0"})
    assert "disabled" in browser.get("/accounts/webhooks/").content.decode()
    browser.post(f"/accounts/webhooks/{webhook.pk}/delete/")
    assert not Webhook.objects.exists()


def test_the_page_refuses_what_is_no_address(ada: User) -> None:
    page = signed_in(ada).post("/accounts/webhooks/", {"url": "ftp://example.org", "events": ["meeting.ended"]})
    assert "https://" in page.content.decode()
    assert not Webhook.objects.exists()


def test_nobody_else_opens_the_page_of_a_webhook(ada: User, eve: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    sent = events.test_event(webhook)
    stranger = signed_in(eve)
    base = f"/accounts/webhooks/{webhook.pk}/"
    assert stranger.get(base).status_code == 404
    for action in ("test/", "enabled/", "delete/", f"replay/{sent.pk}/"):
        assert stranger.post(base + action).status_code == 404
        assert Client().post(base + action).status_code == 302
    assert URL not in stranger.get("/accounts/webhooks/").content.decode()
    assert webhook.deliveries.count() == 1


def test_a_deleted_meeting_is_in_no_log_any_more(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    gone, stays = rooms.create_meeting(ada, "The canary"), rooms.create_meeting(ada, "Retro")
    for meeting in (gone, stays):
        rooms.start_meeting(meeting)
    webhooks.replay(webhook, webhook.deliveries.get(about=gone.pk).pk)
    privacy.delete_meetings([gone])
    assert ["canary" in one.body for one in webhook.deliveries.all()] == [False]


def test_minutes_tell_no_text(ada: User) -> None:
    webhook = webhooks.register(ada, URL, ALL)
    meeting = ended(live_meeting(ada))
    minutes.save(meeting, 0, {"summary": "the budget is nine million"})
    minutes.approve(meeting, "Ada")
    assert "nine million" not in webhook.deliveries.get().body
