"""The API does what its description says: the file in the repository, and thousands of made-up requests."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from meetings.api.v1 import api
from meetings.models import Meeting, User
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
def program(ada: User, meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr("meetings.api.limits._increment", lambda key: 1)
    return Program(ada)


@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
def test_made_up_requests_get_what_the_description_says(case: Case[Any], program: Program, meeting: Meeting) -> None:
    """But a description cannot say which cursors are ours, which names are visible and which time zones there are."""
    headers = {"Authorization": f"Bearer {program.text}", "Host": "localhost"}
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
