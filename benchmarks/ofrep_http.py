"""OFREP over HTTP with one worker, in ratios to what the same server needs for a constant answer to the same body.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import json
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
from _installation import Server, child, free_port
from _load import Request, Result, measure

FLAGS = 100
AIM = 0.7  # of the constant answer, for one flag
CONTEXT = {"context": {"targetingKey": "user-4711", "country": "CA", "plan": "pro"}}
BULK = "/ofrep/v1/evaluate/flags"
CONSTANT = ("-m", "uvicorn", "--app-dir", "benchmarks", "_constant:app", "--http", "httptools", "--loop", "uvloop")
QUIET = ("--no-access-log", "--no-server-header", "--log-level", "warning")


@dataclass(frozen=True)
class Case:
    name: str
    server: Server
    request: Request
    status: int = 200


@dataclass(frozen=True)
class Round:
    load: Result
    per_cpu_second: float  # requests by CPU time of the server: what others do on this machine hardly moves it


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3, help="of load for each case and round")
    arguments.add_argument("--rounds", type=int, default=5, help="the median counts")
    given = arguments.parse_args()
    with _installation.running(flags=FLAGS) as installation, ExitStack() as stack:
        found = cases(installation.token, *(stack.enter_context(server) for server in servers()))
        results: dict[str, list[Round]] = {case.name: [] for case in found}
        for _ in range(given.rounds):
            for case in found:
                results[case.name].append(one_round(case, given.seconds))
        report(results)


def one_round(case: Case, seconds: float) -> Round:
    before = case.server.cpu_seconds()
    load = measure(case.request, status=case.status, seconds=seconds)
    return Round(load, load.per_second * seconds / (case.server.cpu_seconds() - before))


def servers() -> tuple[AbstractContextManager[Server], AbstractContextManager[Server]]:
    first, second = free_port(), free_port()
    constant = child(*CONSTANT, *QUIET, "--port", str(first), port=first)
    return constant, child("manage.py", "serve", port=second, PULSEOPS_PORT=str(second))


def cases(token: str, constant: Server, portal: Server) -> list[Case]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body, bulk = json.dumps(CONTEXT), portal.url + BULK
    known = headers | {"If-None-Match": known_etag(bulk, headers, body)}
    rest = json.dumps({"flag": "flag-1", **CONTEXT})
    return [
        Case("constant answer", constant, Request(f"{constant.url}/", headers, body)),
        Case("OFREP, one flag", portal, Request(f"{bulk}/flag-1", headers, body)),
        Case(f"OFREP, {FLAGS} flags", portal, Request(bulk, headers, body)),
        Case("OFREP, unchanged (304)", portal, Request(bulk, known, body), 304),
        Case("REST, one flag", portal, Request(f"{portal.url}/api/v1/evaluate/", headers, rest)),
    ]


def known_etag(url: str, headers: Mapping[str, str], body: str) -> str:
    request = urllib.request.Request(url, body.encode(), dict(headers), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers["ETag"])


def report(results: Mapping[str, list[Round]]) -> None:
    rates = {name: median(one.per_cpu_second for one in rounds) for name, rounds in results.items()}
    base = rates["constant answer"]
    print(f"{'one worker':24}{'per CPU-s':>11}{'ratio':>8}{'per s':>10}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}")
    for name, rounds in results.items():
        loads = [one.load for one in rounds]
        rate = median(load.per_second for load in loads)
        p50, p99 = median(load.p50_ms for load in loads), median(load.p99_ms for load in loads)
        failed = sum(load.failed for load in loads)
        print(f"{name:24}{rates[name]:11,.0f}{rates[name] / base:8.2f}{rate:10,.0f}{p50:9.2f}{p99:9.2f}{failed:8,}")
    single, rest = rates["OFREP, one flag"], rates["REST, one flag"]
    print(f"\nOne flag: {single / base:.2f} of the constant answer (aim {AIM}), {single / rest:.0f} times REST.")


if __name__ == "__main__":
    main()
