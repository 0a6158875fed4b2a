"""The page that shows the API: everything it needs comes from here, nothing is inline."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_docs_need_no_other_server_and_no_inline_script() -> None:
    page = Client().get("/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", text)
    assert '"url": "/api/v1/openapi.json"' in text
    for source in re.findall(r'(?:src|href)="(/static/[^"]+|http[^"]+)"', text):
        assert source.startswith("/static/")
    assert all(finders.find(f"ninja/{name}") for name in ("swagger-ui.css", "swagger-ui-bundle.js"))
