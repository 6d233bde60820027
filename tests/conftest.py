"""What every test shares. Fixtures of one app live in that app's directory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import settings
from pytest_django import DjangoDbBlocker

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")

AUDIT_TABLES = ("core_auditentry", "core_auditseal")
# What migrations and `migrate` write, and no test changes.
KEPT_TABLES = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Transactional tests empty every table, which the audit trail's trigger rightly forbids everywhere else."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in AUDIT_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER core_audit_no_truncate")


def _emptied(self: TransactionTestCase) -> None:
    """After a transactional test. Django's own way empties every table and writes all permissions anew, which takes
    longer than many of these tests."""
    tables = sorted({*connection.introspection.django_table_names(only_existing=True)} - KEPT_TABLES)
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        filled = ", ".join(table for (table,) in cursor.fetchall())
        if filled:
            cursor.execute(f"TRUNCATE {filled} CASCADE")


TransactionTestCase._fixture_teardown = _emptied  # type: ignore[attr-defined]  # the stubs leave it out


@pytest.fixture(scope="session")
def passing_rows(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Callable[[], AbstractContextManager[None]]:
    """`with passing_rows():` in a module's fixture makes rows once for all its tests, and takes them back at its end.

    What a test itself writes goes with that test, as ever. Not for modules with transactional tests.
    """

    @contextmanager
    def passing() -> Iterator[None]:
        with django_db_blocker.unblock(), transaction.atomic():
            yield
            transaction.set_rollback(True)

    return passing
