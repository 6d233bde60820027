"""The permanent child that chains new audit entries, so that no write ever waits for the chain."""

import threading

from django.db import close_old_connections, connection, transaction

from apps.core import audit, clock
from apps.core.domain import chain
from apps.core.models import AuditPending, AuditSeal

PERIOD_SECONDS = 1.0
BATCH_ENTRIES = 1_000
LOCK_ID = 0x5EA1  # any constant: one sealer at a time, whichever process it lives in


def run(stop: threading.Event) -> None:
    """Seal until `stop` is set."""
    while not stop.is_set():
        if seal() < BATCH_ENTRIES:
            stop.wait(PERIOD_SECONDS)
        close_old_connections()


def seal() -> int:
    """Chain up to a batch of unsealed entries; returns how many. A second sealer at the same time does nothing."""
    with transaction.atomic():
        if not _locked():
            return 0
        last = AuditSeal.objects.order_by("-position").first()
        position, head = (last.position, bytes(last.digest)) if last else (0, chain.GENESIS)
        seals, at = [], clock.now()
        for waiting in AuditPending.objects.select_related("entry").order_by("entry_id")[:BATCH_ENTRIES]:
            position, head = position + 1, chain.link(head, audit.sealed_fields(waiting.entry))
            seals.append(AuditSeal(position=position, entry=waiting.entry, digest=head, sealed_at=at))
        AuditSeal.objects.bulk_create(seals)
        AuditPending.objects.filter(entry__in=[seal.entry_id for seal in seals]).delete()
    return len(seals)


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_ID])
        return bool(cursor.fetchone()[0])
