"""Logging in to PostgreSQL, one SELECT, and how many are connected. The driver connects to the address that the guard
judged, and no other."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg

from apps.core.egress import DeadlinePassed, Egress, Unreachable
from apps.monitoring.domain.checks.judging import Outcome, judge_connected, no_answer
from apps.monitoring.domain.checks.kinds import PostgresCheck

NOWHERE = "/nonexistent"  # the portal's own passwords and client certificates are nobody else's
# What anybody may see, unlike the rows of pg_stat_activity.
CONNECTED = "SELECT sum(numbackends), current_setting('max_connections') FROM pg_stat_database"
MEASURES = ("database_connections", "database_connections_max")
# The server's own words follow the severity; what the driver says before them names addresses.
_SAID = re.compile(r"(?:FATAL|ERROR):\s+([^\n]+)")


async def probe(check: PostgresCheck, egress: Egress, *, password: str) -> Outcome:
    try:
        async with asyncio.timeout(check.timeout_seconds):
            latency_seconds, measures = await _asked(check, egress, password)
    except TimeoutError:
        raise DeadlinePassed(f"no answer within {check.timeout_seconds:g} s") from None
    except psycopg.Error as error:
        said = _SAID.search(str(error))
        if said is None:
            raise Unreachable(f"{check.host}:{check.port} takes no connection, or does not speak PostgreSQL") from None
        return no_answer(f"PostgreSQL answers: {said[1]}")
    return replace(judge_connected(check, latency_seconds), measures=measures)


async def _asked(check: PostgresCheck, egress: Egress, password: str) -> tuple[float, Mapping[str, float]]:
    """How long it took to be answered, and what the server says of itself."""
    started = time.monotonic()
    addresses = [str(address) for address in await egress.addresses(check.host, check.port)]
    connection = await psycopg.AsyncConnection.connect(
        host=",".join([check.host] * len(addresses)),  # for TLS: never looked up where there is an address
        hostaddr=",".join(addresses),
        port=str(check.port),
        dbname=check.database,
        user=check.user,
        password=password,
        passfile=NOWHERE,
        sslcert=NOWHERE,
        gssencmode="disable",
        application_name="PulseOps health check",
        connect_timeout=max(2, int(check.timeout_seconds)),
        autocommit=True,
    )
    try:
        await connection.execute("SELECT 1")
        return time.monotonic() - started, await _connections(connection)
    finally:
        await connection.close()


async def _connections(connection: "psycopg.AsyncConnection[Any]") -> Mapping[str, float]:
    """Nothing where something else speaks the protocol, such as a pooler: it is up all the same."""
    try:
        found = await (await connection.execute(CONNECTED)).fetchone()
        return dict(zip(MEASURES, map(float, found or ()), strict=False))
    except (psycopg.Error, TypeError, ValueError):
        return {}
