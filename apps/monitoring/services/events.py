"""Storing tracked events, many requests' in one transaction. Exempt from the audit trail: what apps send."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import NamedTuple

import orjson
from django.db import connection, transaction

from apps.monitoring.domain.events import TrackedEvent
from apps.monitoring.models import RefusedEvent

# The temporary table is the connection's own and empties itself, so that no request creates tables.
INCOMING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS monitoring_incoming
    (environment_id bigint, event_id uuid, name text, targeting_key text, anonymous_id text, properties text,
     at timestamptz, received_at timestamptz, position int)
    ON COMMIT DELETE ROWS
"""
COPY = """
    COPY monitoring_incoming
    (environment_id, event_id, name, targeting_key, anonymous_id, properties, at, received_at, position) FROM STDIN
"""
# In the order of the key, so that two processes that write the same events do not wait for each other in a circle.
KEEP = """
    INSERT INTO monitoring_trackedevent
    (environment_id, day, event_id, name, targeting_key, anonymous_id, properties, at, received_at, position)
    SELECT environment_id, (at AT TIME ZONE 'UTC')::date, event_id, name, targeting_key, anonymous_id,
           properties::jsonb, at, received_at, position
    FROM monitoring_incoming ORDER BY 1, 2, 3, position
    ON CONFLICT DO NOTHING
"""
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Received(NamedTuple):
    """One event, and whose."""

    environment_id: int
    event: TrackedEvent
    at: datetime


class Turned(NamedTuple):
    """One item that was refused, for developers to look at."""

    environment_id: int
    reason: str
    excerpt: str
    at: datetime


def store_events(*, received: Sequence[Received], turned: Sequence[Turned] = ()) -> int:
    """Keep each event once a day, however often it is sent; returns how many were new."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INCOMING)
        with cursor.copy(COPY) as copy:
            copy.write("".join(map(_line, received, count())))
        cursor.execute(KEEP)
        kept: int = cursor.rowcount
        RefusedEvent.objects.bulk_create(
            RefusedEvent(environment_id=one.environment_id, at=one.at, reason=one.reason, excerpt=one.excerpt)
            for one in turned
        )
    return kept


@lru_cache(maxsize=1_024)  # a batch came in at one moment
def _moment(at: datetime) -> str:
    return at.isoformat()


def _line(one: Received, position: int) -> str:
    event = one.event
    texts = (event.name, event.targeting_key, event.anonymous_id, orjson.dumps(event.properties).decode())
    name, targeting_key, anonymous_id, properties = (text.translate(_ESCAPES) for text in texts)
    return (
        f"{one.environment_id}\t{event.event_id}\t{name}\t{targeting_key}\t{anonymous_id}\t{properties}"
        f"\t{_moment(event.at)}\t{_moment(one.at)}\t{position}\n"
    )
