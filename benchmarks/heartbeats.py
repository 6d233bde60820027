"""How many pings a second a serving portal acknowledges after their commit, with 16, 64 and 200 connections.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
from _installation import Server
from _load import Request, Result, measure_each
from ofrep_http import servers

JOBS = 2_000
AIM = 3_000  # pings a second
WORDS = ("/start", "")
CONNECTIONS = (16, 64, 200)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5, help="of load for each number of connections")
    arguments.add_argument("--most", type=int, default=12_000, help="pings a second that the load can bring")
    given = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} before")
    with _installation.running(flags=1) as installation:
        tokens = heartbeats(installation.environment_id)
        constant, portal = servers()
        with constant as plain, portal as served:
            many = int(given.most * given.seconds)
            pings = [f"/ping/{tokens[n // 2 % JOBS]}{WORDS[n % 2]}" for n in range(many)]
            measured(served, pings[:2_000], connections=64, seconds=2)  # begins everything
            report(served, plain, pings, given.seconds)
    print(f"load average {os.getloadavg()[0]:.1f} after")


def heartbeats(environment_id: int) -> list[str]:
    """The tokens of many jobs that are expected every minute."""
    from apps.core import audit, clock
    from apps.monitoring import services

    services.make_partitions(at=clock.now())
    return [
        services.create_check(
            environment_id=environment_id,
            key=f"job-{number}",
            name=f"Job {number}",
            kind="HEARTBEAT",
            config={"period_seconds": 60, "grace_seconds": 10},
            actor=audit.system("benchmark"),
            reason="benchmark",
            at=clock.now(),
        ).ping_token
        for number in range(JOBS)
    ]


def measured(server: Server, paths: Sequence[str], *, connections: int, seconds: float) -> Result:
    requests = [Request(f"{server.url}{path}", {}, "", "GET") for path in paths]
    return measure_each(requests, connections=connections, status=200, seconds=seconds)


def report(portal: Server, constant: Server, pings: Sequence[str], seconds: float) -> None:
    print(f"{'connections':>11}{'pings/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'ratio':>8}{'CPU ms':>8}{'failed':>8}")
    for connections in CONNECTIONS:
        before, cpu = kept(), portal.cpu_seconds()
        load = measured(portal, pings, connections=connections, seconds=seconds)
        each = (portal.cpu_seconds() - cpu) / (kept() - before or 1) * 1e3 / len(WORDS)
        plain = measured(constant, ["/"] * len(pings) * 2, connections=connections, seconds=seconds)
        print(
            f"{connections:>11}{load.per_second:>10,.0f}{load.p50_ms:>9.1f}{load.p99_ms:>9.1f}"
            f"{load.per_second / plain.per_second:>8.3f}{each:>8.2f}{load.failed:>8,}"
        )
        print(f"{'':11}{plain.per_second:>10,.0f}{plain.p50_ms:>9.1f}{plain.p99_ms:>9.1f}{1:>8.3f}   constant answer")
    print(f"\nThe aim is {AIM:,} a second.")


def kept() -> int:
    """Results there are: one for every second ping, for a start is none."""
    from apps.monitoring.models import HealthResult

    return HealthResult.objects.count()


if __name__ == "__main__":
    main()
