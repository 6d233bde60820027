"""Arrays as PostgreSQL reads them, and statements that do not wait."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core.database import array, pipelined
from apps.core.models import Tick
from tests.factories import AT

pytestmark = pytest.mark.django_db
TEXTS = ["", "NULL", "null", 'say "no"', "back\\slash", "a,b", "{}", " spaced ", "line\nbreak", "ünï", "it's", "%s"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", [*TEXTS, None]),
        ("bigint", [-(2**63), 0, 2**63 - 1, None]),
        ("float8", [0.1, -1e308, 5e-324, 3.0, None]),
        ("boolean", [True, False, None]),
        ("timestamptz", [datetime(2026, 1, 5, 9, 0, 0, 1, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC), None]),
        ("date", [date(2026, 1, 5), None]),
        ("text", []),
    ],
)
def test_an_array_comes_back_as_it_was(kind: str, values: list[object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array(values)])
        assert cursor.fetchone() == (values,)


def test_statements_in_a_pipeline_all_count() -> None:
    with transaction.atomic(), pipelined():
        for name in ("one", "two"):
            Tick.objects.create(name=name, at=AT)
        assert Tick.objects.filter(name__in=("one", "two")).count() == 2


def _twice() -> None:
    with transaction.atomic(), pipelined(), connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("INSERT INTO core_tick (name, at) VALUES ('twice', now())")


def test_an_error_in_a_pipeline_is_djangos() -> None:
    with pytest.raises(IntegrityError):
        _twice()
    assert not Tick.objects.filter(name="twice").exists()
