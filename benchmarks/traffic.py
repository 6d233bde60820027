"""What moving traffic costs, on a real Caddy and a real HAProxy in one run: requests lost, time until it moved, shares.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from apps.deployments.domain.shares import reachable
from apps.deployments.gateways import driver_of
from apps.deployments.gateways.traffic import Driver
from tests.deployments.gateways import proxies
from tests.deployments.gateways.load import Answers, Load
from tests.deployments.gateways.proxies import Proxy

AIM_MS = 100  # p99 from the decision until the last request that still went the old way was sent
WEIGHTS = {"blue": {"blue": 100_000, "green": 0}, "green": {"blue": 0, "green": 100_000}}
SHARES = (100, 1_000, 5_000, 25_000, 33_000, 50_000, 75_000)
WARM_SECONDS = 0.5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=100_000, help="at least, under which traffic is moved")
    arguments.add_argument("--moves", type=int, default=100)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--share-requests", type=int, default=10_000, help="for each share of a canary")
    given = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} before")
    print(f"{'':26}{'requests':>9}{'per s':>8}{'failed':>8}{'again':>7}{'apply ms':>16}{'moved ms':>16}")
    with proxies.slots() as dials:
        for make, program in ((proxies.caddy, proxies.CADDY), (proxies.haproxy, proxies.HAPROXY)):
            if program is None:
                print(f"{make.__name__} is not installed and left out")
                continue
            with proxies.directory() as directory, proxies.running(make(directory, dials)) as proxy:
                report(proxy, given)
    print(f"The aim is 0 failed and moved p99 below {AIM_MS} ms. Load average {os.getloadavg()[0]:.1f} after")


def report(proxy: Proxy, given: argparse.Namespace) -> None:
    driver = driver_of(proxy.kind, proxy.config)
    saturated = Load(proxy.port, connections=given.connections)
    moving(f"{proxy.kind} as fast as it can", driver, saturated, given)
    moving(f"{proxy.kind} with time to spare", driver, Load(proxy.port, 16, pause_seconds=0.02), given, at_least=0)
    print(f"  {'share of green':24}{'asked':>9}{'reached':>10}{'counted':>10}{'requests':>10}{'failed':>8}")
    for share in SHARES:
        weights = {"blue": 100_000 - share, "green": share}
        driver.apply(weights)
        answers = Load(proxy.port, connections=8, requests=given.share_requests).run().answers
        counted, reached = answers.since(0)["green"] / len(answers.colours), reachable(proxy.kind, weights)["green"]
        print(
            f"  {'':24}{share / 1e3:>8.3f}%{reached / 1e3:>9.3f}%{counted * 100:>9.3f}%"
            f"{len(answers.colours):>10,}{len(answers.failed):>8}"
        )


def moving(name: str, driver: Driver, load: Load, given: argparse.Namespace, *, at_least: int | None = None) -> None:
    """Move everything back and forth while the load goes on, evenly spread over its time."""
    applied, moves = [], []
    with in_a_process(load) as finish:
        time.sleep(WARM_SECONDS)
        for number in range(given.moves):
            there = ("green", "blue")[number % 2]
            started = time.monotonic()
            driver.apply(WEIGHTS[there])
            applied.append((time.monotonic() - started) * 1e3)
            moves.append((there, started))
            time.sleep(0.25)
        answers = finish(given.requests if at_least is None else at_least)
    took = max(answers.sent_at) - min(answers.sent_at)
    total = len(answers.colours) + len(answers.failed)
    moved = [each * 1e3 for each in until_moved(answers, moves)]
    print(
        f"{name:26}{total:>9,}{total / took:>8,.0f}{len(answers.failed):>8}{answers.sent_again:>7}"
        f"{spread(applied):>16}{spread(moved):>16}"
    )


@contextmanager
def in_a_process(load: Load) -> Iterator[Callable[[int], Answers]]:
    """The load in a process of its own, so that it does not share the interpreter with who decides."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=_load, args=(load, theirs))
    process.start()

    def finish(at_least: int) -> Answers:
        ours.send(at_least)
        found = ours.recv()
        assert isinstance(found, Answers)
        return found

    try:
        yield finish
    finally:
        process.kill()
        process.join()


def _load(load: Load, pipe: Connection) -> None:
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    with load.running() as answers:
        at_least = pipe.recv()
        while len(answers.colours) < at_least:
            time.sleep(0.01)
    pipe.send(answers)


def until_moved(answers: Answers, moves: list[tuple[str, float]]) -> Iterator[float]:
    """For each move, until the last request before the next move was sent that the old side answered."""
    ends = [started for _, started in moves[1:]] + [float("inf")]
    for (there, started), end in zip(moves, ends, strict=True):
        old = "blue" if there == "green" else "green"
        yield max(0.0, answers.last_sent(old, until=end) - started)


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.1f} / {ordered[int(len(ordered) * 0.99)]:.1f}"


if __name__ == "__main__":
    main()
