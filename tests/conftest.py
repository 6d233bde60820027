"""What every test shares. Fixtures of one app live in that app's directory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import settings
from pytest_django import DjangoDbBlocker

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")

# What migrating leaves behind, and few tests touch: content types, permissions and roles.
SEEDED = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")
# How long a module that runs beside may keep its transaction open (see passing_rows): readers of events wait for it.
OTHERS_SECONDS = 240.0
AUDIT_TABLES = ("core_auditentry", "core_auditseal")
# Minutes in few tests: a long file that begins last is waited for by all workers but one.
LONG = ("test_up.py", "test_permission_walk.py", "test_promtool.py", "/browser/", "/clients/", "/flows/", "/stack/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: xdist alone begins with the files of most tests, which the Makefile tells it not to do."""

    def rank(item: pytest.Item) -> int:
        return next((n for n, part in enumerate(LONG) if part in str(item.path)), len(LONG))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Transactional tests empty every table, which the audit trail's trigger rightly forbids everywhere else."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in AUDIT_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER core_audit_no_truncate")
        _keep_what_migrating_left(_seeds())


def _seeds() -> list[str]:
    """What the seeded tables hold, as short texts to compare."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {t} t" for t in SEEDED)
        )
        return [digest for (digest,) in cursor.fetchall()]


def _keep_what_migrating_left(seeds: list[str]) -> None:
    """After a transactional test Django empties every table and then seeds anew, which takes longer than many of these
    tests. As long as nobody has touched the seeds, they stay, and only what has rows is emptied."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(test_case: TransactionTestCase) -> None:
        if _seeds() != seeds:
            flush(test_case)
            seeds[:] = _seeds()  # the same with other ids
        _empty()

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]


def _empty() -> None:
    """Partitioned tables as well, which Django does not manage. Deleting few rows is quicker than truncating, but asks
    for a superuser, since foreign keys and the audit trail's triggers would look at every row."""
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)} - {*SEEDED})
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        filled = [table for (table,) in cursor.fetchall()]
        cursor.execute("SELECT current_setting('is_superuser')::bool")
        if cursor.fetchone() == (True,):
            deletes = "".join(f"DELETE FROM {table};" for table in filled)
            cursor.execute(f"SET session_replication_role = replica; {deletes} RESET session_replication_role")
        elif filled:
            cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")


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
