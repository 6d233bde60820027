"""Judge and triggers on a deployment that carries traffic, from samples to what is done."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import Analysis, Deployment, Rollback
from tests.deployments.world import World, states, world
from tests.factories import ACTOR, make_project
from tests.factories.deployments import make_deployment, make_target

__all__ = ["world"]
pytestmark = pytest.mark.django_db
State = Deployment.State
STEPS = [
    {"weight": 25_000, "hold_seconds": 300},
    {"weight": 100_000, "analyse": False},
]


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def row(staging: Environment, world: World) -> Deployment:
    """A canary that has just got its first quarter of the traffic."""
    target = make_target(staging, driver="CADDY", strategy="CANARY", steps=STEPS, watch_seconds=600)
    made = make_deployment(target)
    world.run(12)
    made.refresh_from_db()
    assert (made.state, made.task) == (State.ROLLING, "HOLD")
    return made


def minutes(world: World, row: Deployment, count: int, **new: Any) -> None:
    """Both slots serve, and sweeps go on; `new` tells how the new slot does."""
    for _ in range(count):
        world.at += timedelta(seconds=59)
        environment = row.target.environment_id
        world.serve(environment, "blue", 1_800, new.get("base_errors", 0))
        world.serve(environment, "green", 600, new.get("errors", 0), ms=new.get("ms", 30))
        world.run(1)
    row.refresh_from_db()


def test_a_good_canary_is_looked_at_and_goes_on(row: Deployment, world: World) -> None:
    minutes(world, row, 7)
    assert states(row)[-2:] == ["rolling", "watching"]
    verdicts = set(Analysis.objects.filter(deployment=row).values_list("verdict", flat=True))
    assert verdicts == {"GOOD"}


def test_a_bad_canary_leaves_by_itself_and_says_why(row: Deployment, world: World) -> None:
    """One request in ten fails, against none of the old slot's."""
    minutes(world, row, 2, errors=60)
    assert states(row)[-1] in ("rolling_back", "rolled_back")
    world.run(20)
    made = Rollback.objects.get(deployment=row)
    assert (made.automatic, made.trigger, made.status) == (True, "judge", "DONE")
    assert world.weights == {"green": 0, "blue": 100_000}
    assert made.reason.startswith("Errors: ")


def test_a_slow_canary_leaves_too(row: Deployment, world: World) -> None:
    minutes(world, row, 4, ms=90)
    assert Rollback.objects.get(deployment=row).automatic


def test_what_fails_on_both_sides_is_not_the_releases_fault(row: Deployment, world: World) -> None:
    minutes(world, row, 6, errors=60, base_errors=180)
    assert not Rollback.objects.exists()
    assert row.state == State.PAUSED
    assert "not the release's fault" in row.words


def test_no_data_is_no_good_news(row: Deployment, world: World) -> None:
    world.run(400, step=20)
    row.refresh_from_db()
    assert row.state == State.PAUSED
    assert Analysis.objects.filter(deployment=row).exists()


def test_a_dry_run_only_tells(staging: Environment, world: World) -> None:
    dry = {name: {"action": "ignore"} for name in ("errors", "typical_latency", "slow_latency", "error_rate")}
    target = make_target(
        staging, driver="CADDY", strategy="CANARY", steps=STEPS, judge=dry | {"degradation": {"action": "ignore"}}
    )
    row = make_deployment(target)
    world.run(12)
    minutes(world, row, 4, errors=60)
    assert row.state == State.ROLLING
    assert "bad" in [one["verdict"] for one in Analysis.objects.filter(deployment=row).latest("pk").findings]


def test_triggers_fire_while_it_is_paused(row: Deployment, world: World) -> None:
    """More than 5 % of all requests fail for five minutes; nobody else would look."""
    signed: dict[str, Any] = {"actor": ACTOR, "reason": "lunch", "at": world.at, "expected_version": None}
    services.pause_deployment(deployment_id=row.pk, **signed)
    minutes(world, row, 7, errors=60)
    assert Rollback.objects.get(deployment=row).automatic


def test_failed_probes_end_the_watch(row: Deployment, world: World) -> None:
    """Four in five minutes; one every five seconds."""
    minutes(world, row, 7)
    assert row.state == State.WATCHING
    world.healthy["green"] = False
    world.run(30)
    made = Rollback.objects.get(deployment=row)
    assert (made.automatic, made.trigger) == (True, "probes")


def test_probes_that_fail_on_both_sides_pause(row: Deployment, world: World) -> None:
    minutes(world, row, 7)
    world.healthy = {"green": False, "blue": False}
    world.run(30)
    row.refresh_from_db()
    assert row.state == State.PAUSED
    assert not Rollback.objects.exists()
