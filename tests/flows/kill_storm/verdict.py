"""What is in the database, asked by plain SQL over a connection of the test's own."""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from pulseops.stack import postgres
from pulseops.stack.addresses import Addresses

OPEN_ALERTS = "SELECT count(*) FROM alerts_alert WHERE resolved_at IS NULL"
WAITING = {  # what is still on its way
    "open alerts": OPEN_ALERTS,
    "notices": "SELECT count(*) FROM alerts_notification WHERE status = 'PENDING'",
    "entries to seal": "SELECT count(*) FROM core_auditpending",
    "minutes to roll up": "SELECT count(*) FROM monitoring_dirtyminute",
}
Row = tuple[object, ...]


class Database:
    def __init__(self, var: Path) -> None:
        self._addresses = Addresses(var)

    def rows(self, query: str) -> list[Row]:
        with postgres.connect(self._addresses, "pulseops") as connection:
            return connection.execute(query.encode()).fetchall()

    def count(self, query: str) -> int:
        return int(str(self.rows(query)[0][0]))

    def now(self) -> str:
        return str(self.rows("SELECT now()")[0][0])

    def waiting(self) -> dict[str, int]:
        found = {what: self.count(query) for what, query in WAITING.items()}
        return {what: count for what, count in found.items() if count}

    def unjudged(self, since: str) -> list[Row]:
        return self.rows(f"SELECT rule_id FROM alerts_rulestanding WHERE judged_at IS NULL OR judged_at < '{since}'")


def until(what: str, done: Callable[[], bool], *, seconds: float = 180, pause: float = 0.25) -> None:
    """A generous wait: a busy machine is no fault of the code."""
    deadline = time.monotonic() + seconds
    while not _holds(done):
        assert time.monotonic() < deadline, f"{what} did not come about in {seconds:g} s"
        time.sleep(pause)


def _holds(done: Callable[[], bool]) -> bool:
    try:
        return done()
    except psycopg.OperationalError:
        return False  # it is still coming back
