"""What every test shares. Fixtures of one app live in that app's directory."""

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

AUDIT_TABLES = ("core_auditentry", "core_auditseal")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Transactional tests empty every table, which the audit trail's trigger rightly forbids everywhere else."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in AUDIT_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER core_audit_no_truncate")
