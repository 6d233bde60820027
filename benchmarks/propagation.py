"""From the commit of a toggle to every process and to a client that listens.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import http.client
import json
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
from _installation import Installation, child, free_port

FLAGS = 100
AIMS_MS = {"every process": 250, "an SSE client": 500}
PATIENCE_SECONDS, START_SECONDS = 10.0, 60.0
Seen = dict[int, int]  # version to CLOCK_MONOTONIC, ns


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--toggles", type=int, default=200)
    arguments.add_argument("--processes", type=int, default=3, help="that follow, besides the web server")
    given = arguments.parse_args()
    with _installation.running(flags=FLAGS) as installation, ExitStack() as stack:
        followers = [stack.enter_context(follower(installation)) for _ in range(given.processes)]
        port = free_port()
        web = stack.enter_context(child("manage.py", "serve", port=port, PULSEOPS_PORT=str(port)))
        listener = stack.enter_context(listening(installation, web.url))
        commits = toggle(installation, given.toggles, [*followers, listener])
    slowest = [max(seen[version] for seen in followers) - at for version, at in commits.items()]
    report("every process", slowest)
    report("an SSE client", [listener[version] - at for version, at in commits.items()])


@contextmanager
def follower(installation: Installation) -> Iterator[Seen]:
    command = [sys.executable, str(Path(__file__).with_name("_follower.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        seen: Seen = {}
        threading.Thread(target=_read, args=(process.stdout, installation.environment_id, seen), daemon=True).start()
        try:
            wait_until(lambda: bool(seen), seconds=START_SECONDS)
            yield seen
        finally:
            process.kill()


def _read(lines: IO[str], environment_id: int, seen: Seen) -> None:
    for line in lines:
        environment, version, at = map(int, line.split())
        if environment == environment_id:
            seen[version] = at


@contextmanager
def listening(installation: Installation, url: str) -> Iterator[Seen]:
    """A client that keeps the stream of its key open, as a browser does."""
    request = urllib.request.Request(f"{url}/ofrep/v1/evaluate/flags", b"{}", {"X-API-Key": installation.token})
    with urllib.request.urlopen(request, timeout=10) as answer:
        offered = json.load(answer)["eventStreams"][0]["url"]
    address = url.removeprefix("http://")
    connection = http.client.HTTPConnection(address)
    connection.request("GET", "/ofrep/" + offered.partition("/ofrep/")[2])
    seen: Seen = {}
    threading.Thread(target=_listen, args=(connection.getresponse(), seen), daemon=True).start()
    yield seen


def _listen(stream: http.client.HTTPResponse, seen: Seen) -> None:
    for line in stream:
        if line.startswith(b"id: "):
            seen[int(line[4:].partition(b"-")[0])] = time.monotonic_ns()


def toggle(installation: Installation, times: int, watchers: list[Seen]) -> Seen:
    """Toggle through the service, each time until all have seen it; when each version was committed."""
    from django.db import transaction

    commits: Seen = {}
    for number in range(times):
        time.sleep(random.uniform(0, 0.05))  # so that polls do not fall into step
        moment: list[int] = []
        with transaction.atomic():
            transaction.on_commit(partial(note, moment))  # runs before the notice goes out
            version = change(installation, number)
        commits[version] = moment[0]
        wait_until(partial(seen_by_all, version, watchers))
    return commits


def note(moment: list[int]) -> None:
    moment.append(time.monotonic_ns())


def seen_by_all(version: int, watchers: list[Seen]) -> bool:
    return all(version in seen for seen in watchers)


def change(installation: Installation, number: int) -> int:
    """Turns one flag off or on; the ruleset's version then."""
    from apps.core import audit, clock
    from apps.flags import selectors, services
    from apps.flags.domain.engine.definitions import FlagStatus
    from apps.flags.domain.transitions import Change
    from apps.flags.models import FlagState

    state = FlagState.objects.get(flag__key=f"flag-{number % FLAGS}", environment_id=installation.environment_id)
    status = FlagStatus.OFF if state.status == FlagState.Status.ON else FlagStatus.ON
    services.set_state(
        state_id=state.pk,
        change=Change(status=status),
        actor=audit.system("benchmark"),
        reason="benchmark",
        at=clock.now(),
        expected_version=state.version,
    )
    return selectors.ruleset_stamps()[installation.environment_id][0]


def wait_until(done: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("a toggle did not arrive")
        time.sleep(0.0005)


def report(who: str, durations: list[int]) -> None:
    ordered = sorted(one / 1e6 for one in durations)
    found = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "worst": -1}
    numbers = "   ".join(f"{name} {ordered[place]:6.1f} ms" for name, place in found.items())
    print(f"toggle to {who:14} {numbers}   (aim: p99 < {AIMS_MS[who]} ms)")


if __name__ == "__main__":
    main()
