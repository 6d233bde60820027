"""One environment with ten thousand flags: what a toggle, a page and a compilation take, and what it all weighs.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import gc
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
import _many
import propagation
from _installation import Installation, Server

FEW = 200  # flags: pages are as full, and their tabs as many
TOGGLES, VISITS, USERS = 30, 40, 500
AIM_TOGGLE_MS, AIM_PAGE_MS = 500.0, 300.0
TABS = ("all", "on", "rolling-out", "off", "killed", "stale", "archived")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--flags", type=int, default=10_000)
    given = arguments.parse_args()
    with _installation.running(flags=propagation.FLAGS) as installation:
        prepare()
        _many.fill(installation, range(FEW - propagation.FLAGS))
        few = list(pages(installation))
        _many.fill(installation, range(FEW - propagation.FLAGS, given.flags - propagation.FLAGS))
        report_pages(few, list(pages(installation)))
        report_ruleset(installation)
        report_toggles(installation)


def prepare() -> None:
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)  # pages name style sheets by what is in them
    logging.disable(logging.WARNING)  # a page that is not found is meant
    gc.collect()
    gc.freeze()  # as a web process does at its start


@dataclass(frozen=True)
class Visits:
    name: str
    milliseconds: list[float]
    cpu: float  # milliseconds of a visit, ours and the database's
    queries: int

    @property
    def p50(self) -> float:
        return quantile(self.milliseconds, 50)

    @property
    def p95(self) -> float:
        return quantile(self.milliseconds, 95)


def pages(installation: Installation) -> Iterator[Visits]:
    """Through Django's test client: middleware, templates and all, without a socket."""
    from django.contrib.auth.models import User
    from django.test import Client

    user, _created = User.objects.get_or_create(username="visitor", is_staff=True, is_superuser=True)
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for name, address in addresses().items():
        yield visited(client, name, address)


def addresses() -> dict[str, str]:
    from apps.flags.models import Flag

    here, api = "/admin/p/bench/development", "/api/v1/projects/bench/flags"
    key = Flag.objects.order_by("pk")[propagation.FLAGS].key  # one with a month of usage
    return {
        **{f"list, tab {tab}": f"{here}/flags/?status={tab}" for tab in TABS},
        "list, search": f"{here}/flags/?q=feature-9",
        "list, tag": f"{here}/flags/?tag=team-7",
        "list, page 200": f"{here}/flags/?page=200",
        "flag": f"{here}/flags/{key}/",
        "flag that is unknown": f"{here}/flags/{key.replace('feature', 'featur')}-x/",
        "archive page": f"{here}/flags/{key}/archive/",
        "overview": f"{here}/",
        "segments": f"{here}/segments/",
        "timeline": f"{here}/timeline/",
        "palette": "/admin/search.json?q=feature-9&project=bench&environment=development",
        "REST list": f"{api}/",
        "REST list, stale": f"{api}/?stale=true&environment=development",
        "REST flag": f"{api}/{key}/",
    }


def visited(client: Any, name: str, address: str) -> Visits:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    expected = 404 if "unknown" in name else 200
    assert client.get(address).status_code == expected, address  # the first one also loads templates
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    asked = len(queries)  # later requests begin to count anew
    before = cpu_seconds()
    took = [timed(partial(client.get, address)) for _ in range(VISITS)]
    return Visits(name, took, (cpu_seconds() - before) * 1e3 / VISITS, asked)


def cpu_seconds() -> float:
    """Of this process and of the one that answers its queries."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return time.process_time() + Server("", cursor.fetchone()[0]).cpu_seconds()


def report_pages(few: list[Visits], many: list[Visits]) -> None:
    small = f"{FEW} flags"
    print(f"\n{'page':22} {'CPU':>7} {'p50':>8} {'p95':>8} {'aim':>8} {'of aim':>7} {small:>10} {'ratio':>6}   queries")
    for one, other in zip(few, many, strict=True):
        queries = str(other.queries) if other.queries == one.queries else f"{one.queries}, then {other.queries}"
        print(
            f"{other.name:22} {other.cpu:4.0f} ms {other.p50:5.0f} ms {other.p95:5.0f} ms {AIM_PAGE_MS:5.0f} ms "
            f"{other.p95 / AIM_PAGE_MS:7.2f} {one.cpu:7.0f} ms {other.cpu / one.cpu:6.1f}   {queries}"
        )


def report_ruleset(installation: Installation) -> None:
    """In this process, which serves nothing else: what a web process holds besides itself."""
    from apps.flags import selectors
    from apps.flags.domain.engine.compiler import compile_ruleset

    before, now = resident(), time.time()
    began = time.perf_counter()
    read = selectors.ruleset(installation.environment_id)
    print(f"\nread {len(read.flags):,} flags {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    compiled = compile_ruleset(read)
    print(f"compile them {time.perf_counter() - began:.2f} s")
    print(f"first bulk answer {timed(lambda: compiled.answer_all(user(0), now)):.0f} ms")
    report_memory("ruleset", resident() - before, len(read.flags))
    strangers = [timed(partial(compiled.answer_all, user(n), now)) for n in range(1, USERS)]
    again = [timed(partial(compiled.answer_all, user(1), now)) for _ in range(50)]
    print(
        f"bulk answer, no two users alike: p50 {quantile(strangers, 50):.1f} ms, p99 {quantile(strangers, 99):.1f} ms"
    )
    print(f"bulk answer, the same user again: p50 {quantile(again, 50):.1f} ms")
    report_memory(f"ruleset after {USERS} users", resident() - before, len(read.flags))
    changed = selectors.flags_in(installation.environment_id, ["flag-7"])
    swaps = [timed(lambda: compiled.replace(2, changed)) for _ in range(20)]
    print(f"the next ruleset after one change: p50 {quantile(swaps, 50):.1f} ms")


def report_memory(what: str, size: int, flags: int) -> None:
    print(f"memory of the {what}: {size / 2**20:.0f} MiB, {size / flags / 2**10:.1f} KiB a flag")


def user(n: int) -> dict[str, object]:
    return {
        "targetingKey": f"u-{n}",
        "country": _installation.COUNTRIES[n % 4],
        "plan": {"name": ("free", "pro", "team")[n % 3]},
        "app": f"{n % 10}.1.0",
        "email": f"u{n}@team{n % 40}.example",
        "age": n % 80,
        "groups": [f"team-{n % 25}"],
    }


def report_toggles(installation: Installation) -> None:
    with propagation.follower(installation) as seen:
        commits = propagation.toggle(installation, TOGGLES, [seen])
    took = [(seen[version] - at) / 1e6 for version, at in commits.items()]
    p50, p99 = quantile(took, 50), quantile(took, 99)
    print(f"\ntoggle to a following process: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    print(f"aim: p99 < {AIM_TOGGLE_MS:.0f} ms; measured {p99 / AIM_TOGGLE_MS:.2f} of it")


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3


def quantile(values: list[float], percent: int) -> float:
    return sorted(values)[len(values) * percent // 100]


def resident() -> int:
    """Bytes of this process in memory, garbage collected."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    main()
