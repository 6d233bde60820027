"""The trail: append-only in the database, chained by the sealer, checked by `verify`."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core import audit, sealer
from apps.core.models import AuditEntry, AuditPending, AuditSeal
from tests.factories import ACTOR, AT, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def forger() -> None:
    """Somebody with the database owner's rights takes the triggers away, as no application code can."""
    with connection.cursor() as cursor:
        for table in ("core_auditentry", "core_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER core_audit_no_change")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET reason = 'nicer'",
        "DELETE FROM core_auditentry",
        "UPDATE core_auditseal SET digest = ''",
        "DELETE FROM core_auditseal",
    ],
)
def test_database_refuses_to_rewrite_the_trail(statement: str) -> None:
    make_project()
    sealer.seal()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["core_auditentry", "core_auditseal"])
def test_truncating_the_trail_is_refused_too(table: str) -> None:
    with connection.cursor() as cursor:  # the test database has this trigger off, see conftest
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER core_audit_no_truncate")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db(transaction=True)
def test_entry_stands_or_falls_with_its_change() -> None:
    project = make_project()
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record(kind="core.try", subject=project, actor=ACTOR, at=AT)


def test_sealing_chains_every_entry_once() -> None:
    make_project()
    entries = AuditEntry.objects.count()
    assert sealer.seal() == entries
    assert sealer.seal() == 0
    make_project()
    sealer.seal()
    verdict = audit.verify()
    assert (verdict.sealed, verdict.unsealed, verdict.problem) == (2 * entries, 0, None)
    positions = AuditSeal.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, 2 * entries + 1))


def test_empty_trail_verifies() -> None:
    assert audit.verify() == audit.Verdict(sealed=0, unsealed=0, head=bytes(32), problem=None)


def test_entries_wait_unsealed_until_the_sealer_comes() -> None:
    make_project()
    verdict = audit.verify()
    assert (verdict.sealed, verdict.unsealed) == (0, AuditEntry.objects.count())


SECOND = "(SELECT entry_id FROM core_auditseal WHERE position = 2)"


@pytest.mark.usefixtures("forger")
@pytest.mark.parametrize(
    ("forgery", "complaint"),
    [
        (f"UPDATE core_auditentry SET reason = 'x' WHERE id = {SECOND}", "link 2"),
        (f"UPDATE core_auditentry SET at = at + interval '1 us' WHERE id = {SECOND}", "link 2"),
        (f"DELETE FROM core_auditentry WHERE id = {SECOND}", "link 2"),
        ("DELETE FROM core_auditseal WHERE position = 1", "link 1 is missing"),
        ("UPDATE core_auditseal SET digest = sha256('x') WHERE position = 1", "link 1"),
    ],
)
def test_forgery_breaks_the_chain_where_it_was_made(forgery: str, complaint: str) -> None:
    make_project()
    sealer.seal()
    with connection.cursor() as cursor:
        cursor.execute(forgery)
    assert complaint in (audit.verify().problem or "")


def test_entry_smuggled_past_the_sealer_is_found() -> None:
    make_project()
    AuditPending.objects.filter(entry=AuditEntry.objects.latest("id")).delete()
    sealer.seal()
    assert "put in past the trail" in (audit.verify().problem or "")


@pytest.mark.django_db(transaction=True)
def test_two_sealers_do_not_fork_the_chain() -> None:
    for _ in range(5):
        make_project()
    waiting = AuditPending.objects.count()

    def run() -> None:
        try:
            for _ in range(5):
                sealer.seal()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = audit.verify()
    assert (verdict.sealed, verdict.problem) == (waiting, None)
