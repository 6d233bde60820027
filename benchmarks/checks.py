"""How many HTTP health checks one core runs: claimed, asked over loopback, settled with result, day and metrics.

`checks/CPU min` is checks for one minute of this process's CPU, `checks/min` by the clock, the server (another process)
and PostgreSQL on the same machine. `ratio` is the first to the 1,000 a minute that are asked for on one core. `p50` and
`p99`: what the checks measured as latency, with 200 under way at a time, in milliseconds."""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from _installation import free_port, running

ASKED = 1_000  # checks a minute
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n" + b'{"status":"ok"}'


def serve(port: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def forever() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", port, backlog=1_000) as server:
            await server.serve_forever()

    asyncio.run(forever())


def fill(environment_id: int, port: int, checks: int) -> None:
    from apps.core import audit, clock
    from apps.monitoring import services

    config = {
        "url": f"http://127.0.0.1:{port}/healthz",
        "json": [{"path": "$.status", "operator": "equals", "value": "ok"}],
    }
    for number in range(checks):
        services.create_check(
            environment_id=environment_id,
            key=f"check-{number}",
            name=f"Check {number}",
            kind="HTTP",
            config=config,
            actor=audit.system("benchmark"),
            reason="benchmark",
            at=clock.now(),
        )


def measure(checks: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """CPU seconds and seconds of each round, and the last round's latencies."""
    from apps.core import clock
    from apps.core.domain.egress import Policy, read_allowed
    from apps.core.egress import Egress
    from apps.monitoring import services
    from apps.monitoring.models import HealthCheck

    egress, began = Egress(Policy(allow=(read_allowed("127.0.0.0/8"),), ports=None)), clock.now()
    cpu, wall = [], []
    for number in range(rounds + 1):
        HealthCheck.objects.update(due_at=began)
        used, started = time.process_time(), time.monotonic()
        done = services.run_due_checks(at=began + timedelta(minutes=number), egress=egress)
        cpu.append(time.process_time() - used)
        wall.append(time.monotonic() - started)
        assert done == checks, done
    assert not HealthCheck.objects.exclude(last_ok=True).exists()
    latencies = HealthCheck.objects.values_list("last_latency_seconds", flat=True)
    return cpu[1:], wall[1:], [float(each or 0) for each in latencies]  # the first round makes the series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    port = free_port()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    server.start()
    try:
        with running(flags=0) as installation:
            fill(installation.environment_id, port, given.checks)
            cpu, wall, latencies = measure(given.checks, given.rounds)
    finally:
        server.terminate()
    per_core = 60 * given.checks / statistics.median(cpu)
    cuts = statistics.quantiles(latencies, n=100)
    print(f"{'checks/CPU min':>14}  {'checks/min':>10}  {'ratio':>6}  {'p50':>6}  {'p99':>6}")
    print(
        f"{per_core:>14,.0f}  {60 * given.checks / statistics.median(wall):>10,.0f}  {per_core / ASKED:>6.1f}"
        f"  {cuts[49] * 1000:>6.1f}  {cuts[98] * 1000:>6.1f}"
    )


if __name__ == "__main__":
    main()
