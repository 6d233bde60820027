"""The real Prometheus beside round.py: as many series and rules, scraped and judged every 15 seconds. What it needs for
its rules is its CPU with them less its CPU without."""

import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from _installation import free_port

PERIOD = 15  # seconds
WARM_UP, ROUNDS = 40, 4


def seconds_per_round(definitions: list[dict[str, Any]], metrics: int, series: int) -> tuple[float, float] | str:
    """With its rules and without; or why it cannot be said."""
    if shutil.which("prometheus") is None:
        return "prometheus is not installed, so nothing is compared with it"
    with _scraped(metrics, series) as target:
        return _spent(target, definitions), _spent(target, [])


def _spent(target: int, definitions: list[dict[str, Any]]) -> float:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pulseops-bench-") as name:
        directory = Path(name)
        (directory / "rules.yml").write_text(_rules(definitions))
        (directory / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {PERIOD}s, evaluation_interval: {PERIOD}s}}\nrule_files: [rules.yml]\n"
            f"scrape_configs: [{{job_name: load, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}]\n"
        )
        command = [
            "prometheus",
            f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
        process = subprocess.Popen(command)
        try:
            time.sleep(WARM_UP)
            began = _cpu(port)
            time.sleep(ROUNDS * PERIOD)
            spent = (_cpu(port) - began) / ROUNDS
            series, alerts = _counted(port, 'count({job="load"})'), _counted(port, "count(ALERTS)")
            missed = _metric(port, "prometheus_rule_group_iterations_missed_total")
            rules = f"{len(definitions):,} rules"
            print(f"Prometheus with {rules}: {series} series, {alerts} alerts, {missed:g} rounds missed")
            return spent
        finally:
            process.terminate()
            process.wait(30)


def _cpu(port: int) -> float:
    return _metric(port, "process_cpu_seconds_total")


def _metric(port: int, name: str) -> float:
    """The sum over its series; 0 while there is none."""
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30).read().decode()
    return sum(
        float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith((f"{name} ", f"{name}{{"))
    )


def _counted(port: int, query: str) -> str:
    asked = urllib.parse.urlencode({"query": query})
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{asked}", timeout=30).read()
    found = json.loads(page)["data"]["result"]
    return str(found[0]["value"][1]) if found else "0"


def _rules(definitions: list[dict[str, Any]]) -> str:
    if not definitions:
        return "groups: []\n"
    lines = ["groups:", "- name: load", "  rules:"]
    for one in definitions:
        lines += [
            f"  - alert: {one['key']}",
            f"    expr: {_expression(one['query'])} > {one['threshold']}",
            f"    for: {one['for_seconds']}s",
            f"    keep_firing_for: {one['keep_firing_for_seconds']}s",
        ]
    return "\n".join(lines) + "\n"


def _expression(query: dict[str, Any]) -> str:
    metric, aggregate, seconds = query["metric"], query["aggregate"], query["window_seconds"]
    if aggregate == "last":
        return str(metric)
    return f"{'rate' if aggregate == 'rate' else aggregate + '_over_time'}({metric}[{seconds}s])"


@contextmanager
def _scraped(metrics: int, series: int) -> Iterator[int]:
    """A page of all series; each keeps near a level of its own, and a counter grows by that a second."""
    chance, began = Random(1), time.time()
    levels = [[chance.random() for _ in range(series)] for _ in range(metrics)]

    def page() -> Iterator[str]:
        for metric, row in enumerate(levels):
            counter = metric % 4 == 3
            name = f"load_{metric}" + ("_total" if counter else "")
            for n, level in enumerate(row):
                value = level * (time.time() - began) if counter else level + (chance.random() - 0.5) / 25
                yield f'{name}{{instance="10.0.{n}.1:9100",job="node",zone="zone-{n % 3}"}} {value}\n'

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = "".join(page()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
