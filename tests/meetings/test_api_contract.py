"""The API does what its description says: the file in the repository, and thousands of made-up requests."""

import json
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from meetings.api.v1 import api
from meetings.models import Batch, Document, Mark, User
from meetings.services import batches, events, uploads, webhooks
from tests.meetings.cast import START, ended, live_meeting, say
from tests.meetings.programs import Program

DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.json"
RENEW = (
    "python manage.py export_openapi_schema --api meetings.api.v1.api --indent 2 --sorted --output docs/openapi.json"
)

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), headers={"Host": "localhost"})


def test_the_description_in_the_repository_is_that_of_the_code() -> None:
    described = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    assert json.loads(DESCRIPTION.read_text()) == described, f"if this is meant: {RENEW}"


def test_the_description_is_served(client: Client) -> None:
    assert client.get("/api/v1/openapi.json").json() == json.loads(DESCRIPTION.read_text())


@pytest.fixture
def program(ada: User, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr("meetings.api.limits._increment", lambda key: 1)
    return Program(ada)


def real(owner: User, case: Case[Any]) -> dict[str, Any]:
    """What an address names, made for it."""
    meeting = live_meeting(owner)
    person = meeting.participants.get()
    if "/minutes" in case.path:
        ended(meeting)
    wanted = set(case.path_parameters or {})
    found: dict[str, Any] = {"meeting_id": meeting.pk, "format": "txt", "offset": 0}
    if "segment_id" in wanted:
        found["segment_id"] = say(person, 1_000, "Good morning.").pk
    if "mark_id" in wanted:
        found["mark_id"] = Mark.objects.create(
            id=uuid4(), meeting=meeting, author=person, kind="note", at_ms=0, change=1
        ).pk
    if "document_id" in wanted:
        found["document_id"] = Document.objects.create(meeting=meeting, extension="docx").pk
    if wanted & {"recording_id", "job_id"}:
        recording = uploads.begin(owner, "Board", "", 10, most=10_000)
        Batch.objects.create(recording=recording, expires_at=START + batches.KEPT)
        found["recording_id"] = found["job_id"] = recording.pk
    if "webhook_id" in wanted:
        webhooks.of(owner).delete()
        webhook = webhooks.register(owner, "https://example.org/hook", ["meeting.ended"])
        found |= {"webhook_id": webhook.pk, "delivery_id": events.test_event(webhook).pk}
    return {name: found[name] if isinstance(found[name], int) else str(found[name]) for name in wanted}


def is_well_formed(case: Case[Any]) -> bool:
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    return path is not None and path.mode == GenerationMode.POSITIVE


turn = count()


@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
def test_made_up_requests_get_what_the_description_says(case: Case[Any], program: Program, ada: User) -> None:
    """Every other one is of something that is there.

    But a description cannot say which cursors are ours, which names are visible and which time zones there are.
    """
    if case.path_parameters and is_well_formed(case) and next(turn) % 2:
        case.path_parameters = real(ada, case)
    headers = {"Authorization": f"Bearer {program.text}", "Host": "localhost"}
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
