"""The history: what a line says, how it is narrowed, and that a long one costs no more than a short one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock
from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import Deployment
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, make_project
from tests.factories.deployments import make_deployment, make_release, make_target
from tests.flags.visit import Visitor, shows, text

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def visitor(staging: Environment) -> Visitor:
    return Visitor(staging.project, role="Operator", environment="staging")


def listed(page: Any, *versions: str) -> None:
    """Exactly these versions, in this order, in the table."""
    table = text(page).partition("<tbody")[2]
    found = [part.partition("<")[0] for part in table.split(">web ")[1:]]
    assert [one for one in found if one.strip()] == list(versions)


def test_an_empty_history_teaches_how_to_record_and_to_set_up(visitor: Visitor) -> None:
    page = visitor.get("deployment-list")
    shows(
        page,
        "Nothing has been deployed to Staging yet",
        "/api/v1/projects/shop/environments/staging/deployments/",
        "Authorization: Bearer $PULSEOPS_KEY",
        "Set up a service",
    )


def test_a_line_says_what_who_how_long_and_how_it_went(staging: Environment, visitor: Visitor, world: World) -> None:
    world.at = AT
    target = make_target(staging, driver="CADDY", watch_seconds=60)
    release = make_release(
        target.service,
        "2.14.0",
        commit_sha="4f2a91c0d5a8",
        commit_message="Take gift cards\n\nAt last.",
        commit_author="Ada Lovelace",
    )
    row = services.request_deployment(target_id=target.pk, release_id=release.pk, actor=ACTOR, reason="", at=AT)
    world.run(90)
    row.refresh_from_db()
    assert row.traffic_at
    assert row.ended_at
    known = {"requests": 1200, "error_share": 0.031, "p95_ms": 240.4}
    times = {"traffic_at": AT, "ended_at": AT + timedelta(minutes=65)}
    Deployment.objects.filter(pk=row.pk).update(
        health_before=known | {"error_share": 0.002}, health_after=known, **times
    )
    page = visitor.get("deployment-list")
    shows(page, "web 2.14.0", "Take gift cards", "4f2a91c0<", "Ada Lovelace", "Succeeded", "Blue-green", "1 h 5 min")
    shows(page, "before: 0.2 % errors, p95 240 ms, 1,200 requests", "after: 3.1 % errors")
    shows(page, "1 passed", f"/deployments/{row.pk}/")
    assert "At last." not in text(page)


def test_what_is_under_way_is_on_top_with_its_share(staging: Environment, visitor: Visitor, world: World) -> None:
    steps = [{"weight": 5_000, "hold_seconds": 600}, {"weight": 100_000}]
    target = make_target(staging, driver="CADDY", strategy="CANARY", steps=steps)
    make_deployment(target, number="2.0.0")
    world.run(20)
    make_deployment(target, number="2.1.0", at=world.at)
    page = visitor.get("deployment-list")
    shows(page, "Under way and waiting", "5 % of the traffic is on 2.0.0", "step 1 of 2", "Rolling out", "2.1.0")
    listed(page, "2.1.0", "2.0.0", "1.0.0")


def test_it_is_narrowed_by_service_state_version_and_commit(
    staging: Environment, visitor: Visitor, world: World
) -> None:
    web = make_target(staging, driver="CADDY")
    make_target(staging, key="worker", live="7.0.0")
    back = make_deployment(web, number="2.0.0")
    world.run(30)
    services.roll_back(deployment_id=back.pk, actor=ACTOR, reason="errors", at=world.at, method="SWITCH")
    world.run(30)
    make_deployment(web, number="3.0.0-beta", at=world.at)
    listed(visitor.get("deployment-list", "?service=web"), "3.0.0-beta", "2.0.0", "1.0.0")
    listed(visitor.get("deployment-list", "?state=rolled-back"), "2.0.0")
    shows(visitor.get("deployment-list", "?state=rolled-back"), "Rolled back: Traffic switch (tests)")
    listed(visitor.get("deployment-list", "?state=waiting"), "3.0.0-beta")
    listed(visitor.get("deployment-list", "?state=active"))
    listed(visitor.get("deployment-list", "?q=BETA"), "3.0.0-beta")
    listed(visitor.get("deployment-list", f"?q={back.release.commit_sha[:38].upper()}"), "3.0.0-beta", "2.0.0", "1.0.0")
    shows(visitor.get("deployment-list", "?q=nothing"), "No deployment fits")
    shows(visitor.get("deployment-list", "?q=%00&before=x"), "web 2.0.0")


def test_older_ones_are_a_page_away_and_cost_the_same(staging: Environment, visitor: Visitor) -> None:
    target = make_target(staging, live="")

    def record(count: int) -> None:
        for _n in range(count):
            given: dict[str, Any] = {"actor": ACTOR, "reason": "CI", "at": clock.now()}
            services.record_deployment(target_id=target.pk, release_id=make_release(target.service).pk, **given)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert visitor.get("deployment-list").status_code == 200
        return len(queries)

    record(2)
    visitor.get("deployment-list")
    few = asked()
    record(25)
    assert asked() == few
    newest = list(Deployment.objects.order_by("-pk"))
    page = visitor.get("deployment-list")
    shows(page, f"?before={newest[24].pk}")
    older = visitor.get("deployment-list", f"?before={newest[24].pk}")
    listed(older, *(row.release.number for row in newest[25:]))
    shows(older, "Newest")


def test_viewers_read_it_and_start_nothing(staging: Environment) -> None:
    make_target(staging)
    viewer = Visitor(staging.project, role="Viewer", environment="staging")
    page = viewer.get("deployment-list")
    shows(page, "web 1.0.0")
    assert "Redeploy" not in text(page)
    assert "Start a deployment" not in text(page)
    assert viewer.get("deployment-new").status_code == 403
