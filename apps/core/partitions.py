"""Tables that are partitioned by day: partitions are made ahead and dropped whole. What is kept how long is the
business of the app that owns the table."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from psycopg import sql

LOCK_SECONDS = 2  # whoever holds the table longer than that is asked again at the next sweep


def ensure(table: str, *, first: date, last: date) -> int:
    """Make the partition of every day from `first` to `last` that is not there yet. Returns how many were made."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    missing = [day for day in days if day not in set(_days(table))]
    for day in missing:
        _run(_CREATE, table, day)
    return len(missing)


def drop(table: str, *, before: date) -> int:
    """Drop the partitions of all days before that one, rows and all. Returns how many went."""
    old = [day for day in _days(table) if day < before]
    for day in old:
        _run(_DROP, table, day)
    return len(old)


_CREATE = "CREATE TABLE IF NOT EXISTS {partition} PARTITION OF {table} FOR VALUES FROM ({start}) TO ({end})"
_DROP = "DROP TABLE IF EXISTS {partition}"
_CHILDREN = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass"


def _days(table: str) -> Iterator[date]:
    """As the names of the table's partitions say."""
    with connection.cursor() as cursor:
        cursor.execute(_CHILDREN, [table])
        names = [name for (name,) in cursor.fetchall()]
    return (date.fromisoformat(name.rpartition("_")[2]) for name in names)


def _run(statement: str, table: str, day: date) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute(
            sql.SQL(statement).format(
                partition=sql.Identifier(f"{table}_{day:%Y%m%d}"),
                table=sql.Identifier(table),
                start=sql.Literal(start.isoformat()),
                end=sql.Literal((start + timedelta(days=1)).isoformat()),
            )
        )
