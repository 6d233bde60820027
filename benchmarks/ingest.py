"""How many events a second a serving portal acknowledges after their commit, in batches of 100 over HTTP.

The load generator, the portal and PostgreSQL share the machine. `ratio` is to a plain COPY of as many rows into the
same table in the same run."""

import argparse
import json
import os
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
from _installation import Server, child, free_port
from _load import Request, Result, measure_each

BATCH = 100
AIM = 30_000  # events a second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    asked = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} before")
    with _installation.running(flags=1) as installation:
        partitions()
        port = free_port()
        with child("manage.py", "serve", port=port, PULSEOPS_PORT=str(port)) as portal:
            sent(portal, installation.token, 100, 16)  # begins everything
            plain = min(copied(asked.batches * BATCH) for _ in range(2))
            print(f"{'':24}{'events/s':>10}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>8}{'lost':>6}")
            for connections in asked.connections:
                report(portal, installation.token, asked.batches, connections, plain)
            print(f"{'plain COPY':24}{asked.batches * BATCH / plain:>10,.0f}{1:>8.2f}")
    print(f"\nThe aim is {AIM:,} a second. Load average {os.getloadavg()[0]:.1f} after.")


def report(portal: Server, token: str, batches: int, connections: int, plain: float) -> None:
    before, cpu = kept(), portal.cpu_seconds()
    load = sent(portal, token, batches, connections)
    rows, rate = batches * BATCH, load.per_second * BATCH
    each = (portal.cpu_seconds() - cpu) / rows * 1e6
    lost = rows - load.failed * BATCH - (kept() - before)
    print(
        f"{f'HTTP, {connections} connections':24}{rate:>10,.0f}{rate / (rows / plain):>8.2f}"
        f"{load.p50_ms:>9.1f}{load.p99_ms:>9.1f}{each:>8.1f}{lost:>6,}"
    )


def sent(portal: Server, token: str, batches: int, connections: int) -> Result:
    """Each batch once, as fast as they are acknowledged."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    requests = [Request(f"{portal.url}/api/v1/events", headers, body()) for _ in range(batches)]
    return measure_each(requests, connections=connections, status=200, seconds=120)


def body() -> str:
    event = {"name": "message_sent", "properties": {"type": "text", "length": 120, "thread": "t-1"}}
    return json.dumps([{**event, "targeting_key": f"u-{n}", "event_id": str(uuid.uuid4())} for n in range(BATCH)])


def partitions() -> None:
    from datetime import datetime

    from apps.core import clock
    from apps.monitoring import services

    services.make_partitions(at=datetime.fromisoformat("2026-01-05T09:00:00+00:00"))
    services.make_partitions(at=clock.now())


def kept() -> int:
    from apps.monitoring.models import TrackedEvent

    return TrackedEvent.objects.exclude(environment=0).count()


def copied(rows: int) -> float:
    """Seconds of a plain COPY of as many rows into the same table, of an environment that does not exist."""
    from django.db import connection

    line = (
        '\tmessage_sent\tu-1\t\t{"type": "text", "length": 120}\t2026-01-05T09:00:00+00:00\t2026-01-05T09:00:00+00:00'
    )
    lines = "".join(f"0\t2026-01-05\t{uuid.uuid4()}{line}\t{n}\n" for n in range(rows))
    columns = "environment_id, day, event_id, name, targeting_key, anonymous_id, properties, at, received_at, position"
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(f"COPY monitoring_trackedevent ({columns}) FROM STDIN") as copy:
        copy.write(lines)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
