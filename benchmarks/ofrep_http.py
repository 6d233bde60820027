"""OFREP over HTTP with one worker, in ratios to what the same server needs for a constant answer to the same body.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import json
import statistics
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
from _load import Request, Result, measure

FLAGS = 100
AIM = 0.7  # of the constant answer, for one flag
CONTEXT = {"context": {"targetingKey": "user-4711", "country": "CA", "plan": "pro"}}
BULK = "/ofrep/v1/evaluate/flags"
CONSTANT = ("-m", "uvicorn", "--app-dir", "benchmarks", "_constant:app", "--http", "httptools", "--loop", "uvloop")


@dataclass(frozen=True)
class Case:
    name: str
    request: Request
    status: int = 200


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3, help="of load for each case and round")
    arguments.add_argument("--rounds", type=int, default=3, help="the median round counts")
    given = arguments.parse_args()
    with _installation.running(flags=FLAGS) as installation, ExitStack() as stack:
        found = cases(installation.token, *(stack.enter_context(server) for server in servers()))
        results: dict[str, list[Result]] = {case.name: [] for case in found}
        for _ in range(given.rounds):
            for case in found:
                results[case.name].append(measure(case.request, status=case.status, seconds=given.seconds))
        report({name: sorted(rounds, key=lambda one: one.per_second) for name, rounds in results.items()})


def servers() -> list["_installation.Server"]:
    ports = _installation.free_port(), _installation.free_port()
    constant = _installation.child(*CONSTANT, "--no-access-log", "--log-level", "warning", "--port", str(ports[0]), port=ports[0])
    portal = _installation.child("manage.py", "serve", port=ports[1], PULSEOPS_PORT=str(ports[1]))
    return [constant, portal]


def cases(token: str, constant: str, portal: str) -> list[Case]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body = json.dumps(CONTEXT)
    etag = known_etag(f"{portal}{BULK}", headers, body)
    single = json.dumps({"flag": "flag-1", **CONTEXT})
    found = [
        Case("constant answer", Request(constant + "/", headers, body)),
        Case("OFREP, one flag", Request(f"{portal}{BULK}/flag-1", headers, body)),
        Case(f"OFREP, {FLAGS} flags", Request(portal + BULK, headers, body)),
        Case("OFREP, unchanged (304)", Request(portal + BULK, headers | {"If-None-Match": etag}, body), 304),
    ]
    return [*found, Case("REST, one flag", Request(f"{portal}/api/v1/evaluate/", headers, single))]


def known_etag(url: str, headers: Mapping[str, str], body: str) -> str:
    request = urllib.request.Request(url, body.encode(), dict(headers), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers["ETag"])


def report(results: Mapping[str, list[Result]]) -> None:
    base = statistics.median(one.per_second for one in results["constant answer"])
    print(f"{'one worker':26}{'requests/s':>12}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}{'failed':>9}")
    for name, rounds in results.items():
        median = rounds[len(rounds) // 2]
        failed = sum(one.failed for one in rounds)
        numbers = f"{median.per_second:12,.0f}{median.per_second / base:8.2f}{median.p50_ms:9.2f}{median.p99_ms:9.2f}"
        print(f"{name:26}{numbers}{failed:9,}")
    single = statistics.median(one.per_second for one in results["OFREP, one flag"])
    rest = statistics.median(one.per_second for one in results["REST, one flag"])
    print(f"\nOne flag reaches {single / base:.2f} of the constant answer (aim {AIM}), {single / rest:.0f} times the REST endpoint.")


if __name__ == "__main__":
    main()
