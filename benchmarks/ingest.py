"""How many events a second are committed: batches of 100 that many threads hand to the collector, as requests do.

`events/s` is by the clock, with reading the JSON, the waiting threads and PostgreSQL on the same machine. `ratio` is
that to a plain COPY of as many rows into the same table in the same run. HTTP is left out here."""

import argparse
import json
import sys
import threading
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from _installation import running

BATCH = 100
AIM = 30_000  # events a second


def bodies(count: int) -> list[bytes]:
    event = {"name": "message_sent", "properties": {"type": "text", "length": 120, "thread": "t-1"}}
    return [
        json.dumps([{**event, "targeting_key": f"u-{n}", "event_id": str(uuid.uuid4())} for n in range(BATCH)]).encode()
        for _ in range(count)
    ]


def collected(environment_id: int, given: list[bytes], threads: int) -> float:
    """Seconds until all of them are committed."""
    from datetime import timedelta

    from apps.core import clock
    from apps.monitoring.domain.bodies import decode_json
    from apps.monitoring.domain.events import read_batch
    from apps.monitoring.domain.values import Window
    from apps.monitoring.ingest.application import write
    from apps.monitoring.live.collector import Collector
    from apps.monitoring.services.events import Received

    collector = Collector(write, name="collector")
    collector.start()

    def send(some: list[bytes]) -> None:
        for body in some:
            window = Window(clock.now(), timedelta(days=7), timedelta(minutes=5))
            batch = read_batch(decode_json(body), window)
            rows = [Received(environment_id, event, window.at) for event in batch.events]
            collector.submit(rows).result()

    senders = [threading.Thread(target=send, args=(given[n::threads],)) for n in range(threads)]
    began = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    spent = time.perf_counter() - began
    collector.stop()
    collector.join()
    return spent


def copied(rows: int) -> float:
    """Seconds of a plain COPY of as many rows into the same table."""
    from django.db import connection

    line = "\tmessage_sent\tu-1\t\t{}\t2026-01-05T09:00:00+00:00\t2026-01-05T09:00:00+00:00\t1\n"
    lines = "".join(f"1\t2026-01-05\t{uuid.uuid4()}{line}" for _ in range(rows))
    columns = "environment_id, day, event_id, name, targeting_key, anonymous_id, properties, at, received_at, position"
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(f"COPY monitoring_trackedevent ({columns}) FROM STDIN") as copy:
        copy.write(lines)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--threads", type=int, default=64)
    asked = parser.parse_args()
    with running(flags=1) as installation:
        from datetime import datetime

        from apps.monitoring import services as monitoring

        monitoring.make_partitions(at=datetime.fromisoformat("2026-01-05T09:00:00+00:00"))
        environment_id = installation.environment_id
        collected(environment_id, bodies(50), asked.threads)  # begins everything
        given = bodies(asked.batches)
        spent, rows = collected(environment_id, given, asked.threads), asked.batches * BATCH
        plain = copied(rows)
        print(f"{'':24}{'events/s':>10}{'ratio':>8}")
        print(f"{'committed':24}{rows / spent:>10,.0f}{plain / spent:>8.2f}")
        print(f"{'plain COPY':24}{rows / plain:>10,.0f}{1:>8.2f}")
        print(f"\n{rows / spent / AIM:.2f} of the aim, {AIM:,} a second.")


if __name__ == "__main__":
    main()
