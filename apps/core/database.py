"""What it looks like when the database is away, and statements that do not wait for each other."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

import psycopg
from django.db import InterfaceError, OperationalError, connection

DATABASE_AWAY: Final = (OperationalError, InterfaceError)  # for `except`: nothing can go on, and nothing is to blame


@contextmanager
def pipelined() -> Iterator[None]:
    """Statements are sent without waiting for the answers of those before, so that a busy machine does not have to
    wake two processes for each. An error is raised at the end at the latest; a read waits for its rows."""
    connection.ensure_connection()
    if not psycopg.Pipeline.is_supported():
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def array(values: Iterable[object]) -> str:
    """An array as PostgreSQL reads it, for a parameter with a cast: psycopg takes some five times as long."""
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return value.isoformat() if isinstance(value, date) else str(value)  # a datetime is a date
