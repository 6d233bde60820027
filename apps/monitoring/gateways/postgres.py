"""Logging in to PostgreSQL and one SELECT. The driver connects to the address that the guard judged, and no other."""

import asyncio
import re
import time

import psycopg

from apps.core.egress import DeadlinePassed, Egress, Unreachable
from apps.monitoring.domain.checks.judging import Outcome, judge_connected, no_answer
from apps.monitoring.domain.checks.kinds import PostgresCheck

NOWHERE = "/nonexistent"  # the portal's own passwords and client certificates are nobody else's
# The server's own words follow the severity; what the driver says before them names addresses.
_SAID = re.compile(r"(?:FATAL|ERROR):\s+([^\n]+)")


async def probe(check: PostgresCheck, egress: Egress, *, password: str) -> Outcome:
    started = time.monotonic()
    try:
        async with asyncio.timeout(check.timeout_seconds):
            await _select(check, egress, password)
    except TimeoutError:
        raise DeadlinePassed(f"no answer within {check.timeout_seconds:g} s") from None
    except psycopg.Error as error:
        said = _SAID.search(str(error))
        if said is None:
            raise Unreachable(f"{check.host}:{check.port} takes no connection, or does not speak PostgreSQL") from None
        return no_answer(f"PostgreSQL answers: {said[1]}")
    return judge_connected(check, time.monotonic() - started)


async def _select(check: PostgresCheck, egress: Egress, password: str) -> None:
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
    finally:
        await connection.close()
