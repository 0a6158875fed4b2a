"""A page that needs a store which is away says so, and that it passes."""

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from redis.exceptions import ConnectionError as RedisConnectionError

from meetings.views.errors import server_error


@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError(), 503), (RedisConnectionError(), 503), (ValueError(), 500)]
)
def test_only_a_store_that_is_away_is_unavailable(error: Exception, status: int, settings: Any) -> None:
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    try:
        raise error
    except (OperationalError, RedisConnectionError, ValueError):
        response = server_error(HttpRequest())
    assert response.status_code == status
    assert response.has_header("Retry-After") == (status == 503)
