"""Lists of the API, shortened to what a program asks for; what cannot be asked for names its field."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from meetings.models import Delivery, Job, Meeting, Recording, User
from meetings.services import deliveries, events, uploads, webhooks
from tests.meetings.cast import live_meeting
from tests.meetings.programs import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_content")]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def program(ada: User) -> Program:
    return Program(ada)


def ids(program: Program, path: str, **query: str) -> list[str]:
    items = program.client.get(path, query).json()["items"]
    return [item.get("id") or item["job_id"] for item in items]


def uploaded(owner: User, stage: Job.Stage, received: int = 10) -> str:
    recording = uploads.begin(owner, str(stage.label), "", 10, most=100)
    Recording.objects.filter(pk=recording.pk).update(received_bytes=received)
    Job.objects.filter(recording=recording).update(stage=stage)
    return str(recording.pk)


def test_recordings_by_status(program: Program, ada: User) -> None:
    stages = Job.Stage
    uploading, given_up = uploaded(ada, stages.WAITING, 5), uploaded(ada, stages.CANCELLED, 5)
    queued, failed, done = (uploaded(ada, stage) for stage in (stages.WAITING, stages.FAILED, stages.DONE))
    running = [uploaded(ada, stage) for stage in (stages.CHECKING, stages.TRANSCRIBING, stages.DIARIZING)]
    wanted = {
        "uploading": [uploading],
        "queued": [queued],
        "running": running[::-1],
        "done": [done],
        "failed": [failed],
        "cancelled": [given_up],
    }
    assert {status: ids(program, "/api/v1/recordings", status=status) for status in wanted} == wanted
    for status, found in wanted.items():
        assert {program.get(f"/recordings/{one}")["status"] for one in found} == {status}


def test_jobs_by_status(program: Program) -> None:
    sent = []
    for _ in range(3):
        answer = program.client.post("/v1/stt/jobs", {"file": SimpleUploadedFile("a.wav", b"x" * 20)})
        sent.append(answer.json()["job_id"])
    program.client.post(f"/v1/stt/jobs/{sent[0]}/cancel")
    Job.objects.filter(recording_id=UUID(sent[1])).update(stage=Job.Stage.TRANSCRIBING)
    for number, status in enumerate(("cancelled", "running", "queued")):
        assert ids(program, "/v1/stt/jobs", status=status) == [sent[number]]
    assert ids(program, "/v1/stt/jobs", status="done") == []


def test_marks_by_kind(program: Program, ada: User) -> None:
    path = f"/meetings/{live_meeting(ada).pk}/marks"
    made = {}
    for kind in ("decision", "action", "note"):
        made[kind] = str(uuid4())
        program.post(path, {"id": made[kind], "kind": kind, "text": "Ship"})
    assert {kind: ids(program, f"/api/v1{path}", kind=kind) for kind in made} == {
        kind: [mark_id] for kind, mark_id in made.items()
    }


def test_deliveries_by_state(program: Program, ada: User) -> None:
    webhook = webhooks.register(ada, "https://example.org/hook", list(events.EVENTS))
    waiting, arrived = events.test_event(webhook), events.test_event(webhook)
    deliveries.record(Delivery.objects.select_related("webhook").get(pk=arrived.pk), 204, "")
    path = f"/api/v1/webhooks/{webhook.pk}/deliveries"
    assert ids(program, path, state="pending") == [str(waiting.pk)]
    assert ids(program, path, state="delivered") == [str(arrived.pk)]
    assert ids(program, path, state="failed") == []


def test_meetings_of_a_stretch_of_time(program: Program, ada: User) -> None:
    now = timezone.now()
    made = [live_meeting(ada) for _ in range(3)]
    for days, meeting in enumerate(made):
        Meeting.objects.filter(pk=meeting.pk).update(created_at=now - timedelta(days=days))
    bounds = {"created_from": now - timedelta(days=1), "created_before": now}
    query = {name: moment.isoformat() for name, moment in bounds.items()}
    assert ids(program, "/api/v1/meetings", **query) == [str(made[1].pk)]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/stt/jobs", {"status": "uploading"}),
        ("/api/v1/recordings", {"status": "waiting"}),
        ("/api/v1/meetings", {"status": "over"}),
        ("/api/v1/meetings", {"created_before": "yesterday"}),
        ("/api/v1/meetings/{meeting}/marks", {"kind": "joke"}),
        ("/api/v1/webhooks/{webhook}/deliveries", {"state": "lost"}),
    ],
)
def test_what_no_list_can_be_asked_for_is_named(program: Program, ada: User, path: str, query: dict[str, str]) -> None:
    webhook = webhooks.register(ada, "https://example.org/hook", list(events.EVENTS))
    answer = program.client.get(path.format(meeting=live_meeting(ada).pk, webhook=webhook.pk), query)
    (field,) = query
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, f"query.{field}")
