"""Reading tracked events: the newest ones for people, and all of them in order for programs."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from apps.core.models import Environment
from apps.monitoring.models import RefusedEvent, TrackedEvent


class Cursor(NamedTuple):
    """Up to where a reader has come."""

    transaction: int
    position: int


START = Cursor(0, -1)


def newest_events(environment: Environment, *, name: str = "", limit: int = 50) -> list[TrackedEvent]:
    rows = TrackedEvent.objects.filter(environment=environment)
    rows = rows.filter(name=name) if name else rows
    return list(rows.order_by("-transaction", "-position")[:limit])


def newest_refusals(environment: Environment, *, limit: int = 20) -> QuerySet[RefusedEvent]:
    return RefusedEvent.objects.filter(environment=environment).order_by("-at", "-pk")[:limit]


def events_after(environment_id: int, cursor: Cursor, *, limit: int = 1_000) -> Sequence[TrackedEvent]:
    """The next events in the order of their commits. Those of transactions that began later than one that is still
    open wait for it, so that none is passed by: a long transaction anywhere on the server holds readers up."""
    open_from = RawSQL("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", ())
    rows = TrackedEvent.objects.filter(environment=environment_id, transaction__lt=open_from)
    ahead = rows.filter(transaction__gt=cursor.transaction) | rows.filter(
        transaction=cursor.transaction, position__gt=cursor.position
    )
    return list(ahead.order_by("transaction", "position")[:limit])


def cursor_of(event: TrackedEvent) -> Cursor:
    return Cursor(event.transaction, event.position)
