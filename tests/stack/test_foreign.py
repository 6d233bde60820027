"""The portal migrates an empty database or its own, and no other."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from pulseops.stack.foreign import refuse_foreign_database


@pytest.mark.django_db
def test_its_own_database_is_migrated_again() -> None:
    refuse_foreign_database(using="default")


@pytest.mark.django_db
def test_an_empty_database_is_migrated() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA empty; SET LOCAL search_path TO empty")
    refuse_foreign_database(using="default")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE SCHEMA other; SET LOCAL search_path TO other; CREATE TABLE customers (id int)",
        "DELETE FROM django_migrations WHERE app = 'core'",
        "ALTER TABLE core_auditentry RENAME TO core_somebodyelse",
    ],
    ids=["no Django", "Django without our app", "another app called core"],
)
def test_somebody_elses_database_is_refused_by_name(foreign: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(foreign)

    with pytest.raises(CommandError, match=r"Nothing was changed.*PRODUCT_DATABASE_URL"):
        refuse_foreign_database(using="default")


@pytest.mark.django_db
def test_migrate_asks_first() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA other; SET LOCAL search_path TO other; CREATE TABLE customers (id int)")

    with pytest.raises(CommandError, match="customers"):
        call_command("migrate", verbosity=0)
