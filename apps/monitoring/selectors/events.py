"""Reading tracked events: the newest ones for people, and all of them in order for programs."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from apps.core.models import Environment
from apps.monitoring.models import RefusedEvent, TrackedEvent


class Cursor(NamedTuple):
    """Up to where a reader has come."""

    transaction: int
    position: int

    def packed(self) -> str:
        """As programs carry it around, without a promise of what is in it."""
        return urlsafe_b64encode(b"%d.%d" % self).decode().rstrip("=")


START = Cursor(0, -1)
BIGGEST = 2**63 - 1


def unpacked(text: str) -> Cursor:
    """Raises ValueError."""
    padded = text.encode() + b"=" * (-len(text) % 4)
    transaction, position = (int(part) for part in urlsafe_b64decode(padded).split(b"."))
    if not (0 <= transaction <= BIGGEST and -1 <= position < 2**31):
        raise ValueError(text)
    return Cursor(transaction, position)


def newest_events(
    environment: Environment,
    *,
    name: str = "",
    since: datetime | None = None,
    before: Cursor | None = None,
    limit: int = 50,
) -> list[TrackedEvent]:
    """In the order in which they came in, the last one first. `before` is the last one of the page read before."""
    rows = _named(environment.pk, name)
    rows = rows if since is None else rows.filter(received_at__gte=since)
    if before is not None:
        rows = rows.filter(transaction__lt=before.transaction) | rows.filter(
            transaction=before.transaction, position__lt=before.position
        )
    return list(rows.order_by("-transaction", "-position")[:limit])


def refusals(environment: Environment) -> QuerySet[RefusedEvent]:
    return RefusedEvent.objects.filter(environment=environment)


def newest_refusals(environment: Environment, *, limit: int = 20) -> QuerySet[RefusedEvent]:
    return refusals(environment).order_by("-at", "-pk")[:limit]


def events_after(environment_id: int, cursor: Cursor, *, name: str = "", limit: int = 1_000) -> Sequence[TrackedEvent]:
    """The next events in the order of their commits. Those of transactions that began later than one that is still
    open wait for it, so that none is passed by: a long transaction anywhere on the server holds readers up."""
    open_from = RawSQL("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", ())
    rows = _named(environment_id, name).filter(transaction__lt=open_from)
    ahead = rows.filter(transaction__gt=cursor.transaction) | rows.filter(
        transaction=cursor.transaction, position__gt=cursor.position
    )
    return list(ahead.order_by("transaction", "position")[:limit])


def cursor_of(event: TrackedEvent) -> Cursor:
    return Cursor(event.transaction, event.position)


def _named(environment_id: int, name: str) -> QuerySet[TrackedEvent]:
    rows = TrackedEvent.objects.filter(environment=environment_id)
    return rows.filter(name=name) if name else rows
