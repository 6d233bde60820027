"""From the first bad sample to Slack, and from a bad flag change to the flag killed by a rule's response.

Real processes with the periods that an installation has by default: web, the worker `fast`, beat and loops on a
throw-away PostgreSQL and Valkey. Samples are pushed over HTTP. How to read it: benchmarks/README.md."""

import argparse
import http.server
import json
import os
import random
import re
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
from _installation import ROOT, Installation, child, free_port

BACKGROUND = ("fast", "beat", "loops")
SLACK_AIM, KILL_AIM = 10.0, 30.0  # seconds
LIMIT = 5
PATIENCE_SECONDS = 180.0
APP_PUSHES_SECONDS = 5.0  # how often an app pushes its counters
Push = dict[str, object]


class Slack(http.server.ThreadingHTTPServer):
    """Notes when each rule was heard of first, on the clock of this process."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.heard: dict[str, float] = {}


class _Hook(http.server.BaseHTTPRequestHandler):
    server: Slack

    def do_POST(self) -> None:
        now, body = time.monotonic(), self.rfile.read(int(self.headers["content-length"]))
        for rule in re.findall(r"latency-\d+", json.loads(body)["text"]):
            self.server.heard.setdefault(rule, now)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def slack() -> Iterator[Slack]:
    with Slack() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        os.environ |= {
            "SLACK_WEBHOOK_URL": f"http://127.0.0.1:{server.server_port}/",
            "PULSEOPS_EGRESS_ALLOW": f"127.0.0.1:{server.server_port}",
        }
        yield server
        server.shutdown()


@contextmanager
def background() -> Iterator[None]:
    """Whatever `manage.py up` runs beside the web process, but for the worker `slow`."""
    from pulseops.stack import portal, processes

    with ExitStack() as stack:
        for program in portal.programs(ROOT, 0):
            if program.name in BACKGROUND:
                started = processes.start(replace(program, log=Path(os.environ["PULSEOPS_VAR"]) / program.name))
                stack.callback(processes.stop, started, program.stop_signal, 5)
        yield


class App:
    """What pushes, over HTTP and as often as it has to."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def push(self, *samples: Push) -> None:
        body = json.dumps({"samples": samples}).encode()
        request = urllib.request.Request(f"{self._url}/api/v1/metrics", body, self._headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["refused"] == []


def sample(name: str, value: float, **labels: str) -> Push:
    return {"name": name, "labels": labels, "value": value}


def to_slack(app: App, installation: Installation, receiver: Slack, times: int, spread: float) -> list[float]:
    """One rule each, whose only series turns bad at a moment by chance; seconds until Slack hears of it."""
    for n in range(times):
        make_rule(installation, f"latency-{n}", {"metric": f"queue_{n}", "aggregate": "last", "window_seconds": 60})
    app.push(*(sample(f"queue_{n}", 1) for n in range(times)))
    time.sleep(20)  # every rule has been judged once
    began: dict[str, float] = {}
    for n, pause in enumerate(pauses(times, spread)):
        time.sleep(pause)
        began[f"latency-{n}"] = time.monotonic()
        app.push(sample(f"queue_{n}", LIMIT + 1))
    wait_until(lambda: began.keys() <= receiver.heard.keys())
    return [receiver.heard[rule] - at for rule, at in began.items()]


def to_kill(app: App, installation: Installation, times: int, spread: float) -> list[float]:
    """One flag and one rule each: a flag is turned on for everyone, and from then on a fifth of the requests fail.
    Seconds from that change until the rule's response has killed the flag."""
    for n in range(times):
        make_rule(
            installation,
            f"kill-{n}",
            {
                "metric": f"errors_{n}_total",
                "aggregate": "ratio",
                "window_seconds": 60,
                "denominator": {"metric": f"requests_{n}_total", "minimum": 20},
            },
            threshold=0.05,
            response={"kind": "kill_flag", "flag": f"flag-{n}"},
        )
    bad: set[int] = set()
    stopping = threading.Event()
    pushing = threading.Thread(target=keep_pushing, args=(app, times, bad, stopping))
    pushing.start()
    time.sleep(20)
    began: dict[int, float] = {}
    killed: dict[int, float] = {}
    try:
        for n, pause in enumerate(pauses(times, spread)):
            note_killed(installation, killed, pause)
            turn_on(installation, n)
            began[n] = time.monotonic()
            bad.add(n)
        note_killed(installation, killed, PATIENCE_SECONDS, enough=times)
    finally:
        stopping.set()
        pushing.join()
    return [killed[n] - at for n, at in began.items()]


def keep_pushing(app: App, times: int, bad: set[int], stopping: threading.Event) -> None:
    """Counters of each flag's requests, each at its own moment of the period."""
    requests, errors = [0] * times, [0] * times
    while not stopping.is_set():
        for n in range(times):
            requests[n] += 100
            errors[n] += 20 if n in bad else 0
            app.push(sample(f"requests_{n}_total", requests[n]), sample(f"errors_{n}_total", errors[n]))
            stopping.wait(APP_PUSHES_SECONDS / times)


def note_killed(installation: Installation, killed: dict[int, float], seconds: float, enough: int = 10**9) -> None:
    """For so many seconds, or until enough are killed."""
    from apps.flags.models import FlagState

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and len(killed) < enough:
        rows = FlagState.objects.filter(environment_id=installation.environment_id, status=FlagState.Status.KILLED)
        for key in rows.values_list("flag__key", flat=True):
            killed.setdefault(int(key.removeprefix("flag-")), time.monotonic())
        time.sleep(0.05)


def turn_on(installation: Installation, n: int) -> None:
    from apps.core import audit, clock
    from apps.flags import services
    from apps.flags.domain.engine.definitions import FlagStatus
    from apps.flags.domain.transitions import Change
    from apps.flags.models import FlagState

    state = FlagState.objects.get(flag__key=f"flag-{n}", environment_id=installation.environment_id)
    services.set_state(
        state_id=state.pk,
        change=Change(status=FlagStatus.ON, rules=(), default_variant="on"),
        actor=audit.system("benchmark"),
        reason="for everyone",
        at=clock.now(),
        expected_version=state.version,
    )


def make_rule(installation: Installation, key: str, query: Push, *, threshold: float = LIMIT, **more: Push) -> None:
    from apps.alerts import services
    from apps.core import audit, clock

    services.create_rule(
        environment_id=installation.environment_id,
        definition={
            "key": key,
            "name": key,
            "severity": "critical",
            "query": query,
            "comparison": "gt",
            "threshold": threshold,
        },
        actor=audit.system("benchmark"),
        reason="benchmark",
        at=clock.now(),
        response=more.get("response"),
    )


def pauses(times: int, spread: float) -> list[float]:
    """Spread over so many seconds, so that no period of ours is met more often than another."""
    dice = random.Random(7)
    return [dice.uniform(0, 2 * spread / times) for _ in range(times)]


def wait_until(done: "object") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError("it did not arrive")
        time.sleep(0.05)


def report(what: str, seconds: list[float], aim: float) -> None:
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    told = "yes" if p99 < aim else "no"
    print(f"{what:40}{len(ordered):>6}{p50:>8.1f} s{p99:>8.1f} s{ordered[-1]:>8.1f} s{aim:>6.0f} s  {told}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--samples", type=int, default=60, help="that turn bad")
    arguments.add_argument("--flags", type=int, default=20, help="that are turned on")
    arguments.add_argument("--spread", type=float, default=90.0, help="seconds over which each of both is spread")
    given = arguments.parse_args()
    with slack() as receiver, _installation.running(flags=given.flags) as installation:
        port = free_port()
        with child("manage.py", "serve", port=port, PULSEOPS_PORT=str(port)) as web, background():
            app = App(web.url, installation.token)
            slacked = to_slack(app, installation, receiver, given.samples, given.spread)
            killed = to_kill(app, installation, given.flags, given.spread)
    print(f"{'from … to':40}{'times':>6}{'p50':>10}{'p99':>10}{'worst':>10}{'aim':>8}  met")
    report("first bad sample to Slack, `for` 0", slacked, SLACK_AIM)
    report("bad flag change to killed flag", killed, KILL_AIM)
    print(f"load average {' '.join(f'{one:.1f}' for one in os.getloadavg())}")


if __name__ == "__main__":
    main()
