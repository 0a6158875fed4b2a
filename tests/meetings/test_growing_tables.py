"""What docs/scaling.md says of the table of segments."""

import re

import pytest
from django.db import NotSupportedError, connection

from tests.stack import ROOT

pytestmark = pytest.mark.django_db


def test_the_documented_statement_works() -> None:
    found = re.search(r"^    (ALTER TABLE .*?;)$", (ROOT / "docs" / "scaling.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    with connection.cursor() as cursor:
        cursor.execute(found[1])
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'meetings_segment'")
        assert len(cursor.fetchone()[0]) == found[1].count("=") == 6


def test_months_cannot_be_partitions() -> None:
    with connection.cursor() as cursor, pytest.raises(NotSupportedError, match="must include all partitioning columns"):
        cursor.execute("CREATE TABLE m (LIKE meetings_segment INCLUDING ALL) PARTITION BY RANGE (created_at)")
