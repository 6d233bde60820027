"""The history of an environment with a hundred thousand deployments, against one with five hundred: what a page takes.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _installation
import _many
import scale
from _installation import Installation

FEW = 500  # deployments: the first page is as full
SERVICES = ("web", "worker", "mail")
ROLLED_BACK_ONE_IN, CANCELLED_ONE_IN = 50, 97


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--deployments", type=int, default=100_000)
    given = arguments.parse_args()
    with _installation.running(flags=1) as installation:
        scale.prepare()
        targets = set_up(installation)
        fill(installation, targets, range(FEW))
        few = list(pages(installation))
        fill(installation, targets, range(FEW, given.deployments))
        report(few, list(pages(installation)))


def set_up(installation: Installation) -> list[int]:
    from apps.core import audit, clock
    from apps.deployments import services

    who: dict[str, Any] = {"actor": audit.system("benchmark"), "reason": "", "at": clock.now()}
    made = []
    for key in SERVICES:
        service = services.create_service(project_id=installation.project_id, key=key, name=key.title(), **who)
        place: dict[str, Any] = {"service_id": service.pk, "environment_id": installation.environment_id}
        made.append(services.create_target(**place, slots={}, fields={}, **who).pk)
    return made


def fill(installation: Installation, targets: list[int], numbers: range) -> None:
    """Rows as the services would have left them: a release, a deployment and two verdicts for each number."""
    from django.db import connection

    from apps.core import clock
    from apps.deployments.models import Deployment, Release, Target

    at = clock.now()
    rows = {row.pk: row for row in Target.objects.all()}
    of = [rows[pk] for pk in targets]
    _many.in_batches(_releases(of, numbers, at))
    releases = list(Release.objects.order_by("-pk").values_list("pk", flat=True)[: len(numbers)])[::-1]
    _many.in_batches(_deployments(of, releases, numbers, at))
    made = list(Deployment.objects.order_by("-pk").values_list("pk", "state")[: len(numbers)])
    _many.in_batches(_gates([pk for pk, _state in made], at))
    _many.in_batches(_rollbacks([pk for pk, state in made if state == "ROLLED_BACK"], at))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _releases(targets: list[Any], numbers: range, at: datetime) -> Iterator[Any]:
    from apps.deployments.models import Release

    for n in numbers:
        yield Release(
            service_id=targets[n % 3].service_id,
            number=f"{n // 1_000}.{n // 10 % 100}.{n}",
            commit_sha=f"{n * 2_654_435_761 % 2**64:016x}" * 2,
            commit_message=f"Change {n}\n\nWith a second paragraph.",
            commit_author="Ada Lovelace",
            created_at=at,
        )


def _deployments(targets: list[Any], releases: list[int], numbers: range, at: datetime) -> Iterator[Any]:
    from apps.deployments.domain.plans import BLUE_GREEN, Plan, Strategy, dump_plan
    from apps.deployments.models import Deployment

    plan = dump_plan(Plan(Strategy.BLUE_GREEN, BLUE_GREEN))
    known = {"requests": 1_200, "error_share": 0.002, "p95_ms": 210.0}
    for n, release in zip(numbers, releases, strict=True):
        began = at - timedelta(minutes=200_000 - n)
        yield Deployment(
            target=targets[n % 3],
            release_id=release,
            state="ROLLED_BACK"
            if n % ROLLED_BACK_ONE_IN == 0
            else "CANCELLED"
            if n % CANCELLED_ONE_IN == 0
            else "SUCCEEDED",
            task="NONE",
            strategy="BLUE_GREEN",
            plan=plan,
            message=f"Change {n}",
            task_since=began,
            requested_at=began,
            requested_by_kind="USER",
            requested_by_label="ada",
            traffic_at=began,
            ended_at=began + timedelta(minutes=65),
            health_before=known,
            health_after=known,
        )


def _gates(deployments: list[int], at: datetime) -> Iterator[Any]:
    from apps.deployments.models import GateReport

    for pk in deployments:
        for gate in ("APPROVALS", "LOCK"):
            yield GateReport(deployment_id=pk, gate=gate, verdict="PASSED", reason="fine", changed_at=at)


def _rollbacks(deployments: list[int], at: datetime) -> Iterator[Any]:
    from apps.deployments.models import Rollback

    for pk in deployments:
        yield Rollback(
            deployment_id=pk, method="SWITCH", status="DONE", reason="errors", target_seconds=180, asked_at=at
        )


def pages(installation: Installation) -> Iterator[scale.Visits]:
    """Through Django's test client: middleware, templates and all, without a socket."""
    from django.contrib.auth.models import User
    from django.test import Client

    user, _created = User.objects.get_or_create(username="visitor", is_staff=True, is_superuser=True)
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for name, address in addresses().items():
        yield scale.visited(client, name, address)


def addresses() -> dict[str, str]:
    from apps.deployments.models import Deployment

    here = "/admin/p/bench/development"
    newest = Deployment.objects.order_by("-pk")[0]
    middle = Deployment.objects.order_by("pk")[Deployment.objects.count() // 2]
    return {
        "history": f"{here}/deployments/",
        "history, from the middle": f"{here}/deployments/?before={middle.pk}",
        "history, one service": f"{here}/deployments/?service=web",
        "history, rolled back": f"{here}/deployments/?state=rolled-back",
        "history, under way": f"{here}/deployments/?state=active",
        "history, version": f"{here}/deployments/?q={middle.release.number}",
        "history, commit": f"{here}/deployments/?q={middle.release.commit_sha[:8]}",
        "history, nothing found": f"{here}/deployments/?q=no-such-version",
        "one deployment": f"{here}/deployments/{newest.pk}/",
        "start form": f"{here}/deployments/new/?service=web",
        "services": f"{here}/services/",
        "one service": f"{here}/services/web/",
    }


def report(few: list[scale.Visits], many: list[scale.Visits]) -> None:
    small = f"{FEW} dep."
    print(f"\n{'page':26} {'CPU':>7} {'p50':>8} {'p95':>8} {'aim':>8} {'of aim':>7} {small:>10} {'ratio':>6}   queries")
    for one, other in zip(few, many, strict=True):
        queries = str(other.queries) if other.queries == one.queries else f"{one.queries}, then {other.queries}"
        print(
            f"{other.name:26} {other.cpu:4.0f} ms {other.p50:5.0f} ms {other.p95:5.0f} ms {scale.AIM_PAGE_MS:5.0f} ms "
            f"{other.p95 / scale.AIM_PAGE_MS:7.2f} {one.cpu:7.0f} ms {other.cpu / one.cpu:6.1f}   {queries}"
        )


if __name__ == "__main__":
    main()
